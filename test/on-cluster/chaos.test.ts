/** A minute of chaos on a cluster with a fixed seed, as CI runs it. */
import { expect, test } from 'vitest';
import { chaos, faultCounts, rows } from '../chaos/run-chaos.ts';

/**
 * As much of what a cluster alone can suffer as fits into a minute; `npm run chaos -- --cluster` has all. The seed puts
 * the upgrade, which waits for the calls of before, behind a dead server, a bad network and a dead database.
 */
const cases = [
  'kill-postgres',
  'quit-postgres',
  'net-postgres',
  'kill-temporal',
  'kill-all',
  'rolling-upgrade',
];
/** Those that the run goes on for where a slow machine has not come to them within the minute. */
const must = ['kill-postgres', 'kill-temporal', 'rolling-upgrade'];

test('after a minute of dying databases and servers and of an upgrade every invariant holds', async () => {
  const kinds = ['--cases', cases.join(), '--must', must.join()];
  const { code, stdout, stderr } = await chaos('--cluster', '--seed', '23', '--minutes', '1', ...kinds);
  expect(code, `${stderr}\n${stdout}`).toBe(0);
  for (const row of rows) expect(stdout).toMatch(new RegExp(`${row} .* holds `));
  expect(stdout).not.toContain('VIOLATED');
  expect(stdout).toMatch(/lost 0, doubled 0/);
  const counts = faultCounts(stdout);
  const notDone = must.filter((kind) => !((counts[kind] ?? 0) > 0));
  expect(notDone, stdout).toEqual([]);
}, 600_000);
