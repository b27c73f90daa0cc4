/** A minute of chaos with a fixed seed, as CI runs it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../chaos/product/data-folder.ts';
import { chaos, faultCounts, rows } from './run-chaos.ts';

/** As many kinds of faults as fit into a minute, some of each group; `npm run chaos` has all. */
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
/** One kind of each group. On a slow machine the run goes on beyond the minute until each has happened. */
const must = ['kill-all', 'net-facade', 'delete-in-use', 'wrong-clock'];

/** A full store needs a file system of its own. */
async function canMount(): Promise<boolean> {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  const folder = await openDataFolder(join(parent, 'data'));
  await folder.close(undefined);
  await rm(parent, { recursive: true });
  return folder.ownFileSystem;
}

test('after a minute of kills, bad networks, removals, a wrong clock and a full disk every invariant holds', async () => {
  const all = (await canMount()) ? [...must, 'store-full'] : must;
  const kinds = ['--cases', cases.join(), '--must', all.join()];
  const { code, stdout, stderr } = await chaos('--seed', '1', '--minutes', '1', ...kinds);
  expect(code, `${stderr}\n${stdout}`).toBe(0);
  for (const row of rows) expect(stdout).toMatch(new RegExp(`${row} .* holds `));
  expect(stdout).not.toContain('VIOLATED');
  expect(stdout).toMatch(/lost 0, doubled 0/);
  const counts = faultCounts(stdout);
  const notDone = all.filter((kind) => !((counts[kind] ?? 0) > 0));
  expect(notDone, stdout).toEqual([]);
}, 480_000);

test('the help names the kinds of faults; an unknown kind is refused, and so is a kind of a cluster without --cluster', async () => {
  const help = await chaos('--help');
  expect(help.stdout).toMatch(/kill-facade.*turn-gap.*disk-full.*cleanup-in-use.*wrong-clock/s);
  expect(help.stdout).toMatch(/With --cluster: .*but kill-node.*kill-postgres.*rolling-upgrade/s);
  const wrong = await chaos('--cases', 'kill-everyone');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('kill-everyone')]);
  const elsewhere = await chaos('--cases', 'kill-postgres');
  expect([elsewhere.code, elsewhere.stderr]).toEqual([2, expect.stringContaining('kill-postgres')]);
  const never = await chaos('--cases', 'kill-node', '--must', 'kill-all');
  expect([never.code, never.stderr]).toEqual([2, expect.stringContaining('kill-all')]);
}, 60_000);
