/** Recorded histories of every shape replay on the current workflow code (I8). */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/platform/logging.ts';
import { packageRoot, versionedWorkflowBundlePath, workflowBundlePath } from '../../src/platform/paths.ts';
import { installRuntime } from '../../src/platform/temporal-connection.ts';
import { frozenHistories } from './frozen-histories.ts';
import { divergencesOf, historiesFolder, readHistory, replay } from './gate.ts';
import { scenarios } from './scenarios.ts';
import { withoutMachine } from '../../scripts/without-machine.ts';

installRuntime(createLog('silent'));
const names = readdirSync(historiesFolder).map((file) => file.replace(/\.json$/, ''));
const today = { codePath: workflowBundlePath };

/** The part of a history that tests read and change. */
interface RecordedCall {
  readonly events: readonly [
    { workflowExecutionStartedEventAttributes: { input: { payloads: [{ data: string }] } } },
  ];
}

describe('recorded histories', () => {
  it('exist for every scenario, and no others but the frozen ones, whose code is still there', () => {
    const frozen = Object.entries(frozenHistories);
    const known = [...scenarios.map(({ name }) => name), ...frozen.flatMap(([, histories]) => histories)];
    expect(names.toSorted()).toEqual(known.toSorted());
    for (const [file] of frozen) expect(existsSync(join(packageRoot, file)), file).toBe(true);
  });

  describe('on the current workflow code', () => {
    let divergences: ReadonlyMap<string, Error>;
    beforeAll(async () => {
      divergences = await divergencesOf(names, today);
    });

    it.each(names)('%s replays', (name) => {
      const divergence = divergences.get(name);
      if (divergence) throw divergence;
      expect(divergence).toBeUndefined();
    });
  });

  it('replay on the bundle of versioned workers too', async () => {
    expect(await divergencesOf(names, { codePath: versionedWorkflowBundlePath })).toEqual(new Map());
  });

  it('keep a rerun in a session that an activity began to ask off the first-task path after an upgrade', async () => {
    // Nodes with the first-task path made such histories before 'rerun-asks-in-task'; only the input differs.
    const input = (json: string): string => Buffer.from(json).toString('base64');
    const history = JSON.parse(readHistory('rerun-overridden')) as RecordedCall;
    const [payload] = history.events[0].workflowExecutionStartedEventAttributes.input.payloads;
    const call = JSON.parse(Buffer.from(payload.data, 'base64').toString()) as Record<string, unknown>;
    expect(call).toMatchObject({ sessionId: 'recorded', rerunOf: expect.any(String) as string });
    payload.data = input(JSON.stringify({ ...call, firstTaskWaitMs: 500 }));
    await replay('rerun-overridden', today, JSON.stringify(history));
    // A call that is not a rerun would ask in its task, so its history does not replay.
    delete call['rerunOf'];
    payload.data = input(JSON.stringify({ ...call, firstTaskWaitMs: 500 }));
    await expect(replay('rerun-overridden', today, JSON.stringify(history))).rejects.toThrow(
      /does not replay/,
    );
  });

  it('contain no machine path, no host and no process name', () => {
    for (const name of names)
      expect(
        readHistory(name).match(/"identity":"[^"]+|"\d+@[^"]+|\/(home|root|work|tmp|Users)\//g),
        name,
      ).toBeNull();
  });

  it('are recorded without the names of machine and process, and otherwise complete', () => {
    const queue = { kind: 'TASK_QUEUE_KIND_STICKY', normalName: 'holdfast' };
    const event = {
      eventId: '5',
      attributes: { taskQueue: { ...queue, name: '77@a-host-1' }, identity: '77@a-host' },
    };
    expect(JSON.parse(withoutMachine(JSON.stringify({ events: [event] })))).toEqual({
      events: [{ eventId: '5', attributes: { taskQueue: { ...queue, name: 'sticky' }, identity: '' } }],
    });
  });
});
