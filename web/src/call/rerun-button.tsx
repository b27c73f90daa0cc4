import { useState } from 'preact/hooks';
import { Dialog } from '../ui/dialog.tsx';
import type { Call } from '../wire.ts';
import { RerunForm } from './rerun-form.tsx';

export function RerunButton({ call }: { call: Call }) {
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
