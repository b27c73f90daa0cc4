/** When a facade tells a session of an ending by itself. The session would look otherwise (ADR 0035). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { turnWith } from '../../src/domain/turn-text.ts';
import { answeredAt, historyLength, runIsClosed, settled, UntoldRig, withoutLife } from './untold-support.ts';

const quietMs = 3_000;

let rig: UntoldRig;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  rig = new UntoldRig();
});
afterEach(() => void vi.useRealTimers());

describe('an ending', () => {
  it('is told after 3 s of quiet, to the present run of the session', async () => {
    await rig.followToEnd('c1', answeredAt(7));
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    expect(rig.told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    const answer = { agent: 'echo', content: 'answer' };
    const commit = { callId: 'c1', ...turnWith('ask c1', answer), life: 'life', endedAt: 7 };
    expect(rig.told).toEqual([{ by: 'update', to: 'session-s', runId: undefined, commit }]);
    await vi.advanceTimersByTimeAsync(10 * quietMs);
    expect(rig.told).toHaveLength(1);
    expect(await rig.untold.of('s', 'c1')).toBeUndefined();
  });

  it('is told by a signal if no worker answers the update', async () => {
    rig.updateFails = new Error('no answer in time');
    await rig.followToEnd('c1', answeredAt(7));
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.told).toMatchObject([{ by: 'signal', to: 'session-s', commit: { callId: 'c1' } }]);
  });

  it('of a failed call is told too', async () => {
    const failure = { status: 'failed', errorType: 'timeout', error: 'late' } as const;
    await rig.followToEnd('c1', { endedAt: 7, failure });
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.told.map(({ commit }) => commit)).toEqual([
      { callId: 'c1', ...turnWith('ask c1'), life: 'life', endedAt: 7 },
    ]);
  });

  it('that follows another begins the quiet again, and both are told in their order', async () => {
    await rig.followToEnd('c1');
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    await rig.followToEnd('c2');
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    expect(rig.told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rig.toldOf).toEqual(['c1', 'c2']);
  });

  it('is told at once if another call of this process is in the session', async () => {
    rig.follow('c1');
    rig.followQueued('c2');
    await rig.end('c1');
    expect(rig.toldOf).toEqual(['c1']);
  });

  it('is not hurried by calls in other sessions', async () => {
    rig.follow('elsewhere', { sessionId: 'another' });
    await rig.followToEnd('c1');
    expect(rig.told).toEqual([]);
  });

  it('is told at once if the call had to wait for its turn', async () => {
    rig.followQueued('c1');
    await rig.end('c1');
    expect(rig.toldOf).toEqual(['c1']);
  });

  it('is told at once if a call of this process must wait, which may wait for that very ending', async () => {
    await rig.followToEnd('c1');
    rig.follow('c2');
    await settled();
    expect(rig.told).toEqual([]);
    rig.followQueued('c3');
    await settled();
    expect(rig.toldOf).toEqual(['c1']);
  });

  it.each([
    ['runs as the grant left it', { runId: 'run', historyLength: historyLength + 3 }, []],
    ['has grown since', { runId: 'run', historyLength: historyLength + 4 }, ['c1']],
    ['has continued as new since', { runId: 'next run', historyLength: 3 }, ['c1']],
  ])('of a session that %s is told when that is seen, or not', async (_what, seen, told) => {
    await rig.followToEnd('c1');
    rig.untold.sessionSeen('s', 'c1', seen);
    await settled();
    expect(rig.toldOf).toEqual(told);
  });

  it('of another call, or in a session that this process does not know, is not looked for', async () => {
    await rig.followToEnd('c1');
    const grown = { runId: 'run', historyLength: 1_000 };
    rig.untold.sessionSeen('s', 'c2', grown);
    rig.untold.sessionSeen('another', 'c1', grown);
    await settled();
    expect(rig.told).toEqual([]);
  });

  it.each([
    ['says what its session stores', answeredAt(1, { sessionStored: true })],
    [
      'says so in its failure',
      {
        endedAt: 1,
        failure: { status: 'failed', errorType: 'deadline_exceeded', error: 'late', sessionStored: false },
      } as const,
    ],
  ])('that %s is not told', async (_what, end) => {
    rig.followQueued('c1');
    await rig.end('c1', end);
    expect(await rig.untold.of('s', 'c1')).toBeUndefined();
    expect(rig.untold.follows('s', 'c1')).toBe(false);
    await rig.untold.tellAll();
    expect(rig.told).toEqual([]);
  });

  it('whose session cannot be told now is left to the session', async () => {
    rig.signalFails = rig.updateFails = new Error('The connection broke');
    await rig.followToEnd('c1');
    await vi.advanceTimersByTimeAsync(quietMs);
    rig.signalFails = rig.updateFails = undefined;
    await vi.advanceTimersByTimeAsync(10 * quietMs);
    expect(rig.told).toEqual([]);
  });

  it('is dropped if its session is gone', async () => {
    rig.signalFails = rig.updateFails = runIsClosed();
    await rig.followToEnd('c1');
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.told).toEqual([]);
    expect(await rig.untold.of('s', 'c1')).toBeUndefined();
  });

  it('of a session without lives is told by an update if the run that granted the turn is closed', async () => {
    rig.signalFails = runIsClosed();
    await rig.followToEnd('c1', answeredAt(7), { turn: withoutLife });
    await rig.untold.tellAll();
    expect(rig.told).toMatchObject([
      { by: 'update', to: 'session-s', runId: undefined, commit: { callId: 'c1' } },
    ]);
  });
});

describe('a call', () => {
  it.each([
    ['without a session', { sessionId: undefined }],
    ['that has no turn', { turn: undefined }],
    [
      'that commits before it ends',
      { turn: { state: 'granted', turnNumber: 1, grantedAt: 0, window: [] } as const },
    ],
  ])('%s is not followed', (_which, more) => {
    rig.follow('c1', more as object);
    expect(rig.waitsFor('c1')).toBe(false);
    expect(rig.untold.follows('s', 'c1')).toBe(false);
  });

  it('is followed until it ends, and its ending known until it is told', async () => {
    rig.follow('c1');
    expect(rig.untold.follows('s', 'c1')).toBe(true);
    expect(rig.untold.follows('another', 'c1')).toBe(false);
    expect(await rig.untold.of('s', 'c1')).toBeUndefined();
    await rig.end('c1', answeredAt(7));
    expect(rig.untold.follows('s', 'c1')).toBe(false);
    expect(await rig.untold.of('s', 'c1')).toMatchObject({ callId: 'c1', endedAt: 7 });
    expect(await rig.untold.of('s', 'c2')).toBeUndefined();
  });

  it('that was deleted is forgotten, and hurries no ending any more', async () => {
    rig.follow('c1');
    await rig.loseWait('c1');
    expect(rig.untold.follows('s', 'c1')).toBe(false);
    await rig.followToEnd('c2');
    expect(rig.told).toEqual([]);
  });
});

describe('a process that stops', () => {
  it('lets go of any number of calls, and has Node warn of none', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    for (let i = 0; i < 30; i++) rig.follow(`c${i}`);
    await rig.untold.close();
    await settled();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(rig.untold.follows('s', 'c29')).toBe(false);
  });

  it('tells every session what it knows, and waits for no further ends', async () => {
    await rig.followToEnd('c1');
    await rig.followToEnd('c2', answeredAt(1), { sessionId: 'another' });
    rig.follow('runs', { sessionId: 'third' });
    const closed = rig.untold.close();
    expect(rig.waitsFor('runs')).toBe(false);
    await closed;
    expect(rig.told.map(({ to, commit }) => [to, commit.callId])).toEqual([
      ['session-s', 'c1'],
      ['session-another', 'c2'],
    ]);
    rig.follow('late');
    await settled();
    expect(rig.untold.follows('s', 'late')).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops though a session cannot be told', async () => {
    await rig.followToEnd('c1');
    rig.signalFails = new Error('The connection broke');
    await rig.untold.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
