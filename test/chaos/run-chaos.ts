import { execFile } from 'node:child_process';
import { packageRoot } from '../../src/platform/paths.ts';

export interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `npm run chaos` runs, without the build before it. */
export function chaos(...args: string[]): Promise<Ending> {
  const command = ['tsx', 'chaos/main.ts', ...args];
  return new Promise((resolve) => {
    execFile('npx', command, { cwd: packageRoot, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/** The verdicts that a run prints, of what lies on the disk as well. */
export const rows = ['I1 I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'database', 'deletion', 'leaks', 'recovery'];

/** How often each kind of fault happened, by the table that a run prints. */
export function faultCounts(stdout: string): Record<string, number> {
  const from = stdout.indexOf('next success p50');
  const lines = stdout.slice(from).matchAll(/^│ (\S+) +│ (\d+) +│/gm);
  return Object.fromEntries([...lines].map(([, kind = '', count]) => [kind, Number(count)]));
}
