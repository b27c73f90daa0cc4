/** A run in which the suite itself fails: it reports the failure, does not hang, and keeps its evidence. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkMust } from '../../chaos/checks/answers.ts';
import type { FaultStage } from '../../chaos/faults/fault.ts';
import { injectFaults } from '../../chaos/faults/inject.ts';
import { Journal } from '../../chaos/load/journal.ts';
import { startLoad } from '../../chaos/load/lanes.ts';
import { KeptProcess } from '../../chaos/product/kept-process.ts';
import { Random } from '../../chaos/random.ts';
import { until } from '../../chaos/pause.ts';

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** In which every step of the load throws. */
async function bareStage(): Promise<FaultStage> {
  const journal = new Journal(join(await tempFolder(), 'journal.jsonl'));
  onTestFinished(() => journal.close());
  return { journal, random: new Random(1) } as unknown as FaultStage;
}

test('a lane of the load that throws ends the faults, and stopping the load rejects with its error', async () => {
  const stage = await bareStage();
  const load = startLoad(stage, 2);
  expect(await until(() => load.failed, 10_000)).toBe(true);
  const end = { until: Infinity, must: [], calledOff: () => load.failed };
  await injectFaults(stage, { never: () => Promise.reject(new Error('a fault')) }, end, () => undefined);
  await expect(load.stop()).rejects.toThrow(TypeError);
});

test('a kind of fault that must happen and cannot be done is a violation and does not keep the run going', async () => {
  const stage = await bareStage();
  const full = () =>
    Promise.resolve({ what: '', at: 0, touched: [], skipped: 'no permission to mount a tmpfs' });
  const end = { until: 0, must: ['full'], calledOff: () => false };
  const missing = await injectFaults(stage, { full }, end, () => undefined);
  expect(checkMust(end.must, missing, stage.journal.skipped)).toMatchObject([
    { checked: 1, violations: ['full did not happen: no permission to mount a tmpfs'] },
  ]);
});

test('a process that cannot be started is reported with the reason', async () => {
  const logFolder = await tempFolder();
  const kept = new KeptProcess({ name: 'absent', command: ['./absent'], env: {}, ready: /ready/, logFolder });
  await expect(kept.start(500)).rejects.toThrow(/absent is not ready after 0.5 s:\n.*ENOENT/);
  await kept.kill();
});

test('a line that is written after the journal was closed is ignored', async () => {
  const { journal } = await bareStage();
  await journal.close();
  journal.recordViolation('answers', 'too late');
  expect(journal.observedViolations).toHaveLength(1);
});
