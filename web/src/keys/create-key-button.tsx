import { useState } from 'preact/hooks';
import { Dialog } from '../ui/dialog.tsx';
import { KeyForm } from './key-form.tsx';

/** A button that opens the form of a new key. */
export function CreateKeyButton({ onCreated }: { onCreated: () => void }) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        Create a key
      </button>
      {open && (
        <Dialog title="Create a key" onClose={close}>
          <KeyForm
            onCancel={close}
            onCreated={() => {
              close();
              onCreated();
            }}
          />
        </Dialog>
      )}
    </>
  );
}
