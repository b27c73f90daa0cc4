import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readProfiles } from '../../bench/cpu-profile/read-profiles.ts';
import { ownerOf, type Frame } from '../../bench/cpu-profile/code-owner.ts';

const frame = (functionName: string, url = ''): Frame => ({ functionName, url });
const ours = frame('runCall', 'file:///x/dist/src/api/run-call.js');
const sdk = frame('send', 'file:///x/node_modules/@temporalio/worker/lib/worker.js');
const hook = frame('initAll', 'node:internal/promise_hooks');

it.each([
  ['Holdfast', [ours, sdk]],
  ['Temporal SDK', [sdk, ours]],
  ['Temporal SDK', [frame('stringify'), sdk, ours]],
  ['Express, zod, logs', [frame('handle', 'file:///x/node_modules/router/index.js'), ours]],
  ['HTTP to the agent', [frame('write', 'file:///x/node_modules/undici/lib/core/request.js')]],
  ['hook on every promise', [frame('get stack'), sdk, hook, ours]],
  ['entries into the sandbox', [frame('runInContext'), frame('runInContext', 'node:vm'), sdk]],
  ['messages between the threads', [frame('postMessage'), sdk]],
  ['garbage collection', [frame('(garbage collector)')]],
  ['Node', [frame('(program)')]],
  ['Node', [frame('emit', 'node:events'), sdk]],
  [undefined, [frame('(idle)')]],
] as const)('a sample belongs to: %s', (owner, [top, ...callers]) => {
  expect(ownerOf(top, callers)).toBe(owner);
});

it('samples within the span are shared out among the calls, thread by thread', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-profiles-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 4] },
      { id: 2, callFrame: sdk, children: [3] },
      { id: 3, callFrame: ours },
      { id: 4, callFrame: frame('(idle)') },
    ],
    startTime: 1_000,
    samples: [3, 2, 4, 3, 3],
    timeDeltas: [1_000, 4_000, 10_000, 2_000, 50_000],
  };
  await writeFile(join(folder, 'CPU.20261125.1.77.0.001.cpuprofile'), JSON.stringify(profile));
  await writeFile(
    join(folder, 'CPU.20261125.1.77.1.002.cpuprofile'),
    JSON.stringify({ ...profile, samples: [] }),
  );
  const threads = await readProfiles(folder, { fromUs: 3_000, toUs: 20_000 }, 2);
  expect(threads).toEqual([
    {
      thread: 'main thread',
      parts: [
        { what: 'Holdfast', ms: 1 },
        { what: 'Temporal SDK', ms: 2 },
      ],
    },
    { thread: 'workflow thread', parts: [] },
  ]);
});
