/** A minute of chaos with a fixed seed, as CI runs it. */
import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function chaos(...args: string[]): Promise<Ending> {
  const command = ['tsx', 'chaos/main.ts', ...args];
  return new Promise((resolve) => {
    execFile('npx', command, { cwd: packageRoot, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/** As many as fit into a minute, of every sort; `npm run chaos` has all. */
const cases = [
  'kill-all',
  'kill-worker',
  'turn-gap',
  'net-facade',
  'cleanup-in-use',
  'delete-in-use',
  'wrong-clock',
  'store-full',
];

test('after a minute of kills, bad networks, removals, a wrong clock and a full disk every invariant holds', async () => {
  const { code, stdout, stderr } = await chaos('--seed', '1', '--minutes', '1', '--cases', cases.join());
  expect(code, `${stderr}\n${stdout}`).toBe(0);
  for (const row of ['I1 I2', 'I3', 'I4', 'I5', 'I7', 'I8', 'database', 'deletion', 'leaks', 'recovery'])
    expect(stdout).toMatch(new RegExp(`${row} .* holds `));
  expect(stdout).not.toContain('VIOLATED');
  expect(stdout).toMatch(/lost 0, doubled 0/);
}, 240_000);

test('help names every kind of fault; an unknown one is refused', async () => {
  const help = await chaos('--help');
  expect(help.stdout).toMatch(/kill-facade.*turn-gap.*disk-full.*cleanup-in-use.*wrong-clock/s);
  const wrong = await chaos('--cases', 'kill-everyone');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('kill-everyone')]);
}, 60_000);
