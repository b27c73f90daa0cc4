import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether one runs: many machines have a `docker` on PATH and no engine behind it. */
export async function hasContainerEngine(): Promise<boolean> {
  return promisify(execFile)('docker', ['info'], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}
