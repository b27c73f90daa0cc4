/** Recorded histories of every shape replay on today's workflow code (I8). */
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/platform/logging.ts';
import { versionedWorkflowBundlePath, workflowBundlePath } from '../../src/platform/paths.ts';
import { installRuntime } from '../../src/platform/temporal-connection.ts';
import { divergencesOf, historiesFolder, readHistory } from './gate.ts';
import { scenarios } from './scenarios.ts';
import { withoutMachine } from '../../scripts/without-machine.ts';

installRuntime(createLog('silent'));
const names = readdirSync(historiesFolder).map((file) => file.replace(/\.json$/, ''));
const today = { codePath: workflowBundlePath };

describe('recorded histories', () => {
  it('there is one for every scenario', () => {
    expect(names).toEqual(expect.arrayContaining(scenarios.map((scenario) => scenario.name)));
  });

  describe('on the workflow code of today', () => {
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

  it('all replay on the bundle of versioned workers too', async () => {
    expect(await divergencesOf(names, { codePath: versionedWorkflowBundlePath })).toEqual(new Map());
  });

  it('no recorded history holds a machine path, a host or a name of a process', () => {
    for (const name of names)
      expect(
        readHistory(name).match(/"identity":"[^"]+|"\d+@[^"]+|\/(home|root|work|tmp|Users)\//g),
        name,
      ).toBeNull();
  });

  it('what names machine and process is left out of a new one, and nothing else', () => {
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
