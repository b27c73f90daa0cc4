import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ActionForm } from './action-form.tsx';
import { Dialog } from './dialog.tsx';

interface ConfirmButtonProps {
  readonly label: string;
  readonly title: string;
  /** The label of the button that confirms. It names the action and is never just "OK". */
  readonly action: string;
  readonly danger?: boolean;
  readonly small?: boolean;
  /** Whether it is the most important button of its page. */
  readonly primary?: boolean;
  /** What the button acts on. It lets users of screen readers distinguish buttons with the same label. */
  readonly about?: string;
  readonly onConfirm: (values: FormData) => Promise<void>;
  readonly children: ComponentChildren;
}

/** A button that asks for confirmation in a dialog before it acts. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const {
    label,
    title,
    action,
    danger = false,
    small = false,
    primary = false,
    about,
    onConfirm,
    children,
  } = props;
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  const confirm = async (values: FormData): Promise<void> => {
    await onConfirm(values);
    close();
  };
  return (
    <>
      <button
        type="button"
        class={small ? 'small' : primary ? 'primary' : undefined}
        aria-label={about && `${label} ${about}`}
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
      {open && (
        <Dialog title={title} onClose={close}>
          <ActionForm action={action} danger={danger} onCancel={close} onSubmit={confirm}>
            {children}
          </ActionForm>
        </Dialog>
      )}
    </>
  );
}
