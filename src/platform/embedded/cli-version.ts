import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The release whose server and database schema Holdfast is tested with. */
export const pinnedVersion = '1.9.1';

/** `temporal --version` of a binary, e.g. "1.9.1"; undefined if it does not run or is something else. */
export async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 15_000 });
    return /temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether `version` is `than` or newer; both like "1.9.1". */
export function atLeast(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
