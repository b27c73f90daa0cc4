import type { Webhook } from '../../../src/contract/webhooks.ts';
import { may } from '../access/may.ts';
import { api } from '../api.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';
import { showSecret } from './shown-secret.tsx';
import { SwitchButton } from './switch-button.tsx';
import { TestButton } from './test-button.tsx';
import { WebhookButton } from './webhook-button.tsx';

const hourSeconds = 3_600;

interface WebhookActionsProps {
  readonly of: Webhook;
  readonly onChange: () => void;
  readonly onRemoved: () => void;
}

/** The buttons of a webhook, for those who may change it. */
export function WebhookActions({ of, onChange, onRemoved }: WebhookActionsProps) {
  const { id, name } = of;
  if (!may('operate')) return null;
  const rotate = async (values: FormData): Promise<void> => {
    showSecret(await api.rotateWebhook(id, Math.round(Number(formText(values, 'hours')) * hourSeconds)));
    onChange();
  };
  const remove = async (): Promise<void> => {
    await api.removeWebhook(id);
    notify(`The webhook ${name} was removed`);
    onRemoved();
  };
  return (
    <>
      <TestButton of={of} onChange={onChange} />
      <ConfirmButton
        label="New secret"
        about={`for ${name}`}
        title={`Give ${name} a new secret?`}
        action="Make a new secret"
        onConfirm={rotate}
      >
        <p>
          For a while events are signed with both secrets, so that the receiver can change to the new one.
        </p>
        <Field label="Hours that the present secret signs too" hint="0 for a secret that has leaked">
          <input name="hours" type="number" min="0" max="2160" step="any" required defaultValue="24" />
        </Field>
      </ConfirmButton>
      <WebhookButton of={of} onSaved={onChange} />
      <SwitchButton of={of} onChange={onChange} />
      <ConfirmButton
        label="Remove"
        about={name}
        title={`Remove the webhook ${name}?`}
        action="Remove the webhook"
        danger
        onConfirm={remove}
      >
        <p>
          Its secret and its deliveries are deleted. Events that wait or are parked are not sent any more.
        </p>
      </ConfirmButton>
    </>
  );
}
