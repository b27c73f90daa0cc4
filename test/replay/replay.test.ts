/** Recorded histories of every shape replay on today's workflow code (I8), and a doctored one does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { packageRoot, workflowBundlePath } from '../../src/platform/paths.ts';
import { createLog } from '../../src/platform/logging.ts';
import { installRuntime } from '../../src/platform/temporal-connection.ts';
import { scenarios } from './scenarios.ts';

installRuntime(createLog('silent'));
const folder = join(packageRoot, 'test', 'replay', 'histories');
const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const read = (name: string): string => readFileSync(join(folder, `${name}.json`), 'utf8');
const replay = (json: string): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { codePath: workflowBundlePath } }, JSON.parse(json));

const advice = `
A recorded history no longer replays: calls in flight would break at an upgrade. Keep the old way behind
patched('a-name') from @temporalio/workflow, the new one in its branch (CONTRIBUTING.md, "Changing a workflow"),
and record scenarios that are new with: npm run histories
`;

describe('recorded histories', () => {
  it('there is one for every scenario', () => {
    expect(names).toEqual(expect.arrayContaining(scenarios.map((scenario) => scenario.name)));
  });

  it.each(names)('%s replays on the workflow code of today', async (name) => {
    await replay(read(name)).catch((error: unknown) => {
      throw new Error(advice, { cause: error });
    });
  });

  it('a history whose activity is another does not replay: the gate can fail', async () => {
    const doctored = read('success').replaceAll('"callAgent"', '"callSomeoneElse"');
    await expect(replay(doctored)).rejects.toThrow(DeterminismViolationError);
  });

  it('a history that lacks the failover does not replay', async () => {
    const { events } = JSON.parse(read('failover')) as { events: { eventType: string }[] };
    const completed = events.findIndex((event) => event.eventType.endsWith('ACTIVITY_TASK_FAILED'));
    const cut = [...events.slice(0, completed), ...events.slice(completed + 1)];
    await expect(replay(JSON.stringify({ events: cut }))).rejects.toThrow();
  });

  it('no recorded history holds a machine path or a name of a process', () => {
    for (const name of names) expect(read(name)).not.toMatch(/"identity":"[^"]|\/(home|root|work|Users)\//);
  });
});
