import type { Batch } from '../../../src/contract/reruns.ts';
import { count } from '../format.ts';
import { Status } from '../ui/status.tsx';

/** The status of a batch. One whose calls failed again does not look like a success. */
export function BatchStatus({ of: batch }: { of: Batch }) {
  const { status, failed_again: again, now_succeeded: succeeded, skipped } = batch;
  const text = [
    status,
    ...(again > 0 ? [`${count(again)} failed again`] : []),
    ...(status === 'completed' && skipped > 0 ? [`${count(skipped)} skipped`] : []),
  ].join(', ');
  if (status !== 'completed' || text === status) return <Status of={status}>{text}</Status>;
  return <Status of={succeeded > 0 || again === 0 ? 'degraded' : 'failed'}>{text}</Status>;
}
