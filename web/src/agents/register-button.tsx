import { useState } from 'preact/hooks';
import type { Agent } from '../../../src/contract/agents.ts';
import { Dialog } from '../ui/dialog.tsx';
import { RegisterForm } from './register-form.tsx';

interface RegisterButtonProps {
  /** The agent to edit. Without it the form registers a new agent. */
  readonly agent?: Agent;
  readonly onRegistered: () => void;
}

/** A button that opens the registration form in a dialog. */
export function RegisterButton({ agent, onRegistered }: RegisterButtonProps) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button
        type="button"
        {...(agent ? { 'aria-label': `Edit ${agent.name}` } : { class: 'primary' })}
        onClick={() => setOpen(true)}
      >
        {agent ? 'Edit' : 'Register an agent'}
      </button>
      {open && (
        <Dialog title={agent ? `Edit ${agent.name}` : 'Register an agent'} onClose={close}>
          <RegisterForm
            {...(agent && { agent })}
            onCancel={close}
            onRegistered={() => {
              close();
              onRegistered();
            }}
          />
        </Dialog>
      )}
    </>
  );
}
