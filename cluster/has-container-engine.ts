import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Returns whether a container engine is running. Many machines have the `docker` command on PATH but no engine. */
export async function hasContainerEngine(): Promise<boolean> {
  return promisify(execFile)('docker', ['info'], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}
