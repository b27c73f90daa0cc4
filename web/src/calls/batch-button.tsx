import { useState } from 'preact/hooks';
import type { FilterValues } from '../api.ts';
import { Dialog } from '../ui/dialog.tsx';
import { BatchForm } from './batch-form.tsx';

/** Reruns all that the filter finds; without a status those that failed, as the API has it. */
export function BatchButton({ asked }: { asked: FilterValues }) {
  const [open, setOpen] = useState(false);
  const status = asked['status'] ?? 'failed';
  if (status === 'running') return null;
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        Rerun all that match
      </button>
      {open && (
        <Dialog title="Rerun all that match" onClose={() => setOpen(false)}>
          <BatchForm filter={{ ...asked, status }} onCancel={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}
