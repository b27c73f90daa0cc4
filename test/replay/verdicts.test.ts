/** The replay of many histories gives a verdict on each, independent of the others. */
import { describe, expect, it } from 'vitest';
import { fromPaths } from '../../src/replay/history-sources.ts';
import { replayHistories } from '../../src/replay/replay-histories.ts';
import { historiesFolder, readHistory } from './gate.ts';
import { collect, each, replayed } from './support.ts';

interface Json {
  readonly events: readonly { readonly eventType: string; readonly eventId: string }[];
}
const read = (name: string): Json => JSON.parse(readHistory(name)) as Json;
const success = read('success');
const { events } = success;
const renamed = (from: string, to: string): unknown =>
  JSON.parse(readHistory('success').replaceAll(`"${from}"`, `"${to}"`));

describe('the replay of many histories', () => {
  it('gives the same verdicts in one process as in several, for every recorded workflow type', async () => {
    const sources = await collect(fromPaths([historiesFolder]));
    for (const parallel of [1, 3]) {
      const { summary, verdicts } = await replayed(each(sources), parallel);
      expect([...verdicts.values()].filter(({ verdict }) => verdict !== 'same')).toEqual([]);
      expect(summary).toMatchObject({ total: sources.length, same: sources.length, nonDeterministic: 0 });
    }
  });

  it('reports the event at which code and history differ, and the expected command', async () => {
    const longer = events.slice(0, 10);
    const again = events.slice(4, 7);
    const late = [...longer, ...again, ...events.slice(7)].map((event, index) => ({
      ...event,
      eventId: String(index + 1),
    }));
    const { verdicts } = await replayed(
      each([
        { name: 'another activity', history: renamed('callAgent', 'callSomeoneElse') },
        { name: 'an ask too many', history: { events: late } },
      ]),
    );
    expect(verdicts.get('another activity')).toMatchObject({
      verdict: 'non_deterministic',
      eventId: 5,
      expected: 'ActivityTaskScheduled callSomeoneElse',
      message: expect.stringContaining("activity command 'callAgent'") as string,
    });
    expect(verdicts.get('an ask too many')).toMatchObject({
      verdict: 'non_deterministic',
      eventId: 11,
      expected: 'ActivityTaskScheduled callAgent',
    });
  });

  it('reports an incomplete history, and continues with the next one in the same process', async () => {
    const damaged: Readonly<Record<string, unknown>> = {
      null: null,
      empty: { events: [] },
      'another JSON': { name: 'holdfast' },
      beheaded: { events: events.slice(1) },
      'with a gap': { events: [...events.slice(0, 3), ...events.slice(5)] },
      reversed: { events: [...events].reverse() },
      doubled: { events: [...events, ...events] },
      'with ids of zero': { events: events.map((event) => ({ ...event, eventId: '0' })) },
      'with an event of no kind': {
        events: events.map((event) => ({ ...event, eventType: 'EVENT_TYPE_X' })),
      },
      'of another workflow': renamed('agentCall', 'someoneElse'),
    };
    const { summary, verdicts } = await replayed(
      each(
        Object.entries(damaged).flatMap(([name, history]) => [
          { name, history },
          { name: `after ${name}`, history: success },
        ]),
      ),
      1,
    );
    for (const name of Object.keys(damaged)) {
      expect(verdicts.get(name)).toMatchObject({
        name,
        verdict: 'unreadable',
        message: expect.any(String) as string,
      });
      expect(verdicts.get(`after ${name}`)).toEqual({ name: `after ${name}`, verdict: 'same' });
    }
    expect(summary).toMatchObject({ total: 20, same: 10, nonDeterministic: 0, unreadable: 10 });
    expect(verdicts.get('of another workflow')).toMatchObject({
      message: expect.stringContaining('someoneElse') as string,
    });
  });

  it('survives a history that crashes the SDK core of its process', async () => {
    // Its event ids are complete, but its only task is started twice, which makes the core panic.
    const twice = [...events.slice(0, 3), events[2], ...events.slice(3)].map((event, index) => ({
      ...event,
      eventId: String(index + 1),
    }));
    const { verdicts } = await replayed(
      each([
        { name: 'panics', history: { events: twice } },
        { name: 'next', history: success },
      ]),
      1,
    );
    expect(verdicts.get('panics')?.verdict).not.toBe('same');
    expect(verdicts.get('next')?.verdict).toBe('same');
  });

  it('accepts a call that no worker has taken yet, and one in flight', async () => {
    const { summary } = await replayed(
      each(
        [1, 2, 3, 4, 6].map((length) => ({
          name: String(length),
          history: { events: events.slice(0, length) },
        })),
      ),
    );
    expect(summary).toMatchObject({ total: 5, same: 5 });
  });

  it('fails with what to do if there is no bundle, before it reads any history', async () => {
    await expect(replayHistories(each([]), { workflowBundlePath: '/nowhere.js' })).rejects.toThrow(
      /npm run build/,
    );
  });

  it('reads histories no faster than it replays them', async () => {
    let taken = 0;
    let done = 0;
    const sources = async function* () {
      for (; taken < 20; taken++) {
        expect(taken - done).toBeLessThanOrEqual(2);
        yield await Promise.resolve({ name: String(taken), history: success });
      }
    };
    await replayHistories(sources(), { parallel: 2, onVerdict: () => (done += 1) });
    expect(done).toBe(20);
  });
});
