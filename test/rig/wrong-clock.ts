/** A process whose clock a test can shift while it runs. The clock of the Temporal server stays right. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/platform/paths.ts';

export interface WrongClock {
  /** Environment variables for the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets the clock ahead by this many ms (behind, if negative), within a tenth of a second. */
  set(aheadMs: number): Promise<void>;
  remove(): Promise<void>;
}

export async function createWrongClock(aheadMs: number): Promise<WrongClock> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-clock-'));
  const file = join(folder, 'ahead-ms');
  const set = async (ms: number): Promise<void> => {
    await writeFile(`${file}.new`, String(ms));
    await rename(`${file}.new`, file);
  };
  await set(aheadMs);
  return {
    environment: {
      NODE_OPTIONS: `--require=${join(packageRoot, 'test', 'rig', 'wrong-clock.cjs')}`,
      WRONG_CLOCK: file,
    },
    set,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
