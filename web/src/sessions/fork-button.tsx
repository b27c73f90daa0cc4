import { useLocation } from 'preact-iso/router';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { sessionPage } from '../links.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';

interface ForkButtonProps {
  readonly sessionId: string;
  /** How many messages the fork takes along. */
  readonly count: number;
}

/** A button that makes a new session with the messages up to its place. */
export function ForkButton({ sessionId, count }: ForkButtonProps) {
  const { route } = useLocation();
  const fork = async (values: FormData): Promise<void> => {
    const id = formText(values, 'id');
    const made = await api.forkSession(sessionId, { before: count, ...(id !== '' && { session_id: id }) });
    notify(`The fork has ${plural(made.total_messages, 'message')}`);
    route(sessionPage(made.session_id));
  };
  return (
    <ConfirmButton
      small
      label="Fork"
      about={`after message ${count}`}
      title="Fork the session here?"
      action="Make the fork"
      onConfirm={fork}
    >
      <p>Makes a new session with the messages up to here. This session does not change.</p>
      <Field label="Id of the new session" hint="Empty: a generated one">
        <input name="id" maxLength={128} autocomplete="off" spellcheck={false} />
      </Field>
    </ConfirmButton>
  );
}
