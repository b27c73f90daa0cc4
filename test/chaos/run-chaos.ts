import { execFile } from 'node:child_process';
import { packageRoot } from '../../src/platform/paths.ts';

export interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npm run chaos` without its build. */
export function chaos(...args: string[]): Promise<Ending> {
  const command = ['tsx', 'chaos/main.ts', ...args];
  return new Promise((resolve) => {
    execFile('npx', command, { cwd: packageRoot, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/** The rows of the verdict that every complete run prints. */
export const rows = ['I1 I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'database', 'deletion', 'leaks', 'recovery'];

/** How often each kind of fault happened, read from the table that a run prints. */
export function faultCounts(stdout: string): Record<string, number> {
  const from = stdout.indexOf('next success p50');
  const lines = stdout.slice(from).matchAll(/^│ (\S+) +│ (\d+) +│/gm);
  return Object.fromEntries([...lines].map(([, kind = '', count]) => [kind, Number(count)]));
}
