import type { Key } from '../../../src/contract/keys.ts';
import { who } from '../access/who.ts';
import { api } from '../api.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { LimitsButton } from '../ui/limits-button.tsx';
import { notify } from '../ui/notice.tsx';
import { showKey } from './shown-key.tsx';

const hourSeconds = 3_600;

/** The buttons of a valid key: limits, rotation, revocation. */
export function KeyActions({ of: { id, name, limits }, onChange }: { of: Key; onChange: () => void }) {
  const rotate = async (values: FormData): Promise<void> => {
    await showKey(await api.rotateKey(id, Math.round(Number(formText(values, 'hours')) * hourSeconds)));
    onChange();
  };
  const revoke = async (): Promise<void> => {
    await api.revokeKey(id);
    notify(`The key ${name} is revoked`);
    onChange();
  };
  return (
    <div class="actions">
      <LimitsButton
        of={name}
        limits={limits}
        onSave={async (wanted) => {
          await api.limitKey(id, wanted);
          notify(`The limits of ${name} are changed`);
          onChange();
        }}
      />
      <ConfirmButton
        label="Rotate"
        about={name}
        title={`Give ${name} a new secret?`}
        action="Rotate the key"
        onConfirm={rotate}
      >
        <p>It keeps its id and everything that belongs to it. Both secrets are valid for a while.</p>
        <Field label="Hours that the present secret stays valid" hint="0 for a key that has leaked">
          <input name="hours" type="number" min="0" max="2160" step="any" required defaultValue="24" />
        </Field>
      </ConfirmButton>
      <ConfirmButton
        label="Revoke"
        about={name}
        title={`Revoke ${name}?`}
        action="Revoke the key"
        danger
        onConfirm={revoke}
      >
        <p>
          For good: every node refuses it within 2 s. Responses that it waits for are cut off; the calls
          themselves go on.
        </p>
        {who.value?.key_id === id && (
          <p>
            <strong>You are signed in with this key, so this signs you out.</strong>
          </p>
        )}
      </ConfirmButton>
    </div>
  );
}
