import { useState } from 'preact/hooks';
import { mayStartBatches } from '../access/may.ts';
import { showsAllProjects } from '../access/project.ts';
import type { FilterValues } from '../api.ts';
import { Dialog } from '../ui/dialog.tsx';
import { BatchForm } from './batch-form.tsx';

/**
 * A button that opens the form for a batch of reruns. If the filter has no status, the batch reruns the failed calls, as in the
 * API. The button is hidden if the filter selects running or completed calls. A batch is about one project.
 */
export function BatchButton({ asked, disabled }: { asked: FilterValues; disabled: boolean }) {
  const [open, setOpen] = useState(false);
  const status = asked['status'] ?? 'failed';
  const label = asked['status'] ? 'Rerun all that match' : 'Rerun all failed';
  if (!mayStartBatches() || showsAllProjects()) return null;
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
