import { useState } from 'preact/hooks';
import type { FilterValues } from '../api.ts';
import { Dialog } from '../ui/dialog.tsx';
import { BatchForm } from './batch-form.tsx';

/**
 * A button that opens the form of a batch of reruns. Like the API, it reruns the failed calls if the filter has no status. It is
 * hidden for calls that are running or completed.
 */
export function BatchButton({ asked, disabled }: { asked: FilterValues; disabled: boolean }) {
  const [open, setOpen] = useState(false);
  const status = asked['status'] ?? 'failed';
  const label = asked['status'] ? 'Rerun all that match' : 'Rerun all failed';
  if (status !== 'failed' && status !== 'cancelled') return null;
  return (
    <>
      <button type="button" class="primary" disabled={disabled} onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <Dialog title={label} onClose={() => setOpen(false)}>
          <BatchForm filter={{ ...asked, status }} onCancel={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}
