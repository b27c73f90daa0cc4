import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether an engine runs: many machines have a `docker` on PATH without one. */
export async function hasContainerEngine(): Promise<boolean> {
  return promisify(execFile)('docker', ['info'], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}
