import { useState } from 'preact/hooks';
import type { CallDescription } from '../../../src/contract/calls.ts';
import { Dialog } from '../ui/dialog.tsx';
import { RerunForm } from './rerun-form.tsx';

/** A button that opens the form of a rerun. */
export function RerunButton({ call }: { call: CallDescription }) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        Rerun
      </button>
      {open && (
        <Dialog title="Rerun this call" onClose={close}>
          <RerunForm call={call} onClose={close} />
        </Dialog>
      )}
    </>
  );
}
