/** Notices when the Temporal server is away, and tells when it is back. */
import type { NativeConnection } from '@temporalio/worker';
import { every } from './every.ts';

const intervalMs = 500;
const patienceMs = 1_000;

/**
 * `onBack` is told how long the server was away, in ms. By then the SDK's own repetitions have grown to seconds apart;
 * what must not wait for them is begun anew there. Returns how to stop.
 */
export function watchServer(
  connection: NativeConnection,
  onBack: (awayMs: number) => void,
): () => Promise<void> {
  let awaySince: number | undefined;
  const look = async (): Promise<void> => {
    const askedAt = Date.now();
    if (!(await answers(connection))) {
      awaySince ??= askedAt;
      return;
    }
    if (awaySince !== undefined) onBack(Date.now() - awaySince);
    awaySince = undefined;
  };
  return every(intervalMs, look, () => undefined);
}

async function answers(connection: NativeConnection): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), patienceMs);
  });
  const answer = connection.workflowService.getSystemInfo({}).then(
    () => true,
    () => false,
  );
  const answered = await Promise.race([answer, late]);
  clearTimeout(timer);
  return answered;
}
