import { useState } from 'preact/hooks';
import type { Webhook } from '../../../src/contract/webhooks.ts';
import { Dialog } from '../ui/dialog.tsx';
import { WebhookForm } from './webhook-form.tsx';

interface WebhookButtonProps {
  /** The webhook to edit. Without it the form creates one. */
  readonly of?: Webhook;
  readonly onSaved: () => void;
}

/** A button that opens the form of a webhook. */
export function WebhookButton({ of, onSaved }: WebhookButtonProps) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button
        type="button"
        {...(of ? { 'aria-label': `Edit ${of.name}` } : { class: 'primary' })}
        onClick={() => setOpen(true)}
      >
        {of ? 'Edit' : 'Create a webhook'}
      </button>
      {open && (
        <Dialog title={of ? `Edit ${of.name}` : 'Create a webhook'} onClose={close}>
          <WebhookForm
            {...(of && { webhook: of })}
            onCancel={close}
            onSaved={() => {
              close();
              onSaved();
            }}
          />
        </Dialog>
      )}
    </>
  );
}
