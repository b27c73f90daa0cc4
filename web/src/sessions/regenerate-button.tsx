import { useLocation } from 'preact-iso/router';
import { useRef, useState } from 'preact/hooks';
import type { SessionPage } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { callPage } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { AgentNames } from '../ui/agent-names.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';
import { useIdempotencyKey } from '../ui/use-idempotency-key.ts';
import type { LastTurn } from './turns.ts';

interface RegenerateProps {
  readonly session: SessionPage;
  readonly turn: LastTurn;
}

/** A button that lets the last answer be given again, in a fork. */
export function RegenerateButton(props: RegenerateProps) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class="small" onClick={() => setOpen(true)}>
        Regenerate
      </button>
      {open && (
        <Dialog title="Regenerate the last answer?" onClose={close}>
          <RegenerateForm {...props} onClose={close} />
        </Dialog>
      )}
    </>
  );
}

function RegenerateForm({ session, turn, onClose }: RegenerateProps & { readonly onClose: () => void }) {
  const { route } = useLocation();
  const call = useLoaded(turn.callId, () => api.call(turn.callId));
  const keyOf = useIdempotencyKey();
  // A second click, after the call was refused, uses the fork that the first one has made.
  const fork = useRef<string | undefined>(undefined);
  const asked = call.value?.asked ?? turn.answeredBy ?? '';
  const regenerate = async (values: FormData): Promise<void> => {
    fork.current ??= (await api.forkSession(session.session_id, { before: turn.number })).session_id;
    const request = {
      agent_name: formText(values, 'agent') || asked,
      prompt: turn.prompt,
      session_id: fork.current,
      user_id: session.user_id,
    };
    const { call_id: id } = await api.ask(request, keyOf(request));
    notify('The prompt was sent again, in a fork of the session');
    onClose();
    route(callPage(id));
  };
  return (
    <ActionForm action="Regenerate" onCancel={onClose} onSubmit={regenerate}>
      <p>
        Makes a new session with the messages before the last prompt, and sends it that prompt again. This
        session does not change.
      </p>
      <Field label="Agent" hint="Empty: the same as before">
        <input
          name="agent"
          list="regenerate-agents"
          maxLength={128}
          autocomplete="off"
          placeholder={asked}
          required={asked === ''}
        />
      </Field>
      <AgentNames id="regenerate-agents" />
    </ActionForm>
  );
}
