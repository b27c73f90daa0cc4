/** A minute of chaos on a cluster with a fixed seed, as CI runs it. */
import { expect, test } from 'vitest';
import { chaos, faultCounts, rows } from '../chaos/run-chaos.ts';

/**
 * As many of the faults that only a cluster can have as fit into a minute; `npm run chaos -- --cluster` has all. With this
 * seed the upgrade, which waits for earlier calls, comes after a dead server, a bad network and a dead database.
 */
const cases = [
  'kill-postgres',
  'quit-postgres',
  'net-postgres',
  'kill-temporal',
  'kill-all',
  'rolling-upgrade',
];
/** Kinds that must happen. On a slow machine the run goes on beyond the minute until they have. */
const must = ['kill-postgres', 'kill-temporal', 'rolling-upgrade'];

test('every invariant holds after a minute in which databases and servers die and workers are upgraded', async () => {
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
