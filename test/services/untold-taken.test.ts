/** Endings that the next request for a turn takes along to the session. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { folderOf, sessionOwner } from '../../src/payloads/owners.ts';
import { answeredAt, historyLength, settled, UntoldRig } from './untold-support.ts';

const quietMs = 3_000;

let rig: UntoldRig;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  rig = new UntoldRig();
});
afterEach(() => void vi.useRealTimers());

const take = async (sessionId = 's') => {
  const { commits, ...taken } = await rig.untold.take(sessionId);
  return { ...taken, commits, callIds: commits.map(({ callId }) => callId) };
};

describe('a request for a turn', () => {
  it('takes along the endings of its session, which are then told', async () => {
    await rig.followToEnd('c1');
    await rig.followToEnd('c2');
    await rig.followToEnd('elsewhere', answeredAt(1), { sessionId: 'another' });
    const { callIds, commits, told } = await take();
    expect(callIds).toEqual(['c1', 'c2']);
    expect(commits[0]).toMatchObject({
      messages: [{ content: 'ask c1' }, { content: 'answer' }],
      life: 'life',
    });
    told();
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.toldOf).toEqual(['elsewhere']);
    expect(await take()).toMatchObject({ callIds: [] });
  });

  it('takes nothing along that it does not know', async () => {
    rig.follow('runs');
    for (const sessionId of ['s', 'another']) {
      const { callIds, told, giveBack } = await take(sessionId);
      expect(callIds).toEqual([]);
      told();
      giveBack();
    }
    expect(rig.untold.follows('s', 'runs')).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives back what it took when it fails, for the next request', async () => {
    await rig.followToEnd('c1');
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    const { giveBack } = await take();
    // While the request is on its way, nobody else tells the session.
    await vi.advanceTimersByTimeAsync(10 * quietMs);
    expect(rig.told).toEqual([]);
    giveBack();
    const second = await take();
    expect(second.callIds).toEqual(['c1']);
    second.told();
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.told).toEqual([]);
  });

  it('gives back what is told after 3 s, if no other request comes', async () => {
    await rig.followToEnd('c1');
    (await take()).giveBack();
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    expect(rig.told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rig.toldOf).toEqual(['c1']);
  });

  it('leaves to others what is on its way already', async () => {
    await rig.followToEnd('c1');
    const first = await take();
    await rig.followToEnd('c2');
    const second = await take();
    expect([first.callIds, second.callIds]).toEqual([['c1'], ['c2']]);
    second.told();
    first.giveBack();
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.toldOf).toEqual(['c1']);
  });

  it('does not keep an ending from being told that came while it was on its way', async () => {
    await rig.followToEnd('c1');
    const { told } = await take();
    await rig.followToEnd('c2');
    told();
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.toldOf).toEqual(['c2']);
  });

  it('keeps an ending from being told because its session has grown, for the session is about to have it', async () => {
    await rig.followToEnd('c1');
    const { told } = await take();
    rig.untold.sessionSeen('s', 'c1', { runId: 'run', historyLength: historyLength + 100 });
    await settled();
    told();
    expect(rig.told).toEqual([]);
  });

  it('that comes back after its endings were told otherwise forgets none of the calls that came meanwhile', async () => {
    for (const end of ['told', 'giveBack'] as const) {
      rig = new UntoldRig();
      await rig.followToEnd('c1');
      const taken = await take();
      await rig.untold.tellAll();
      expect(rig.toldOf).toEqual(['c1']);
      rig.follow('c2');
      taken[end]();
      expect(rig.untold.follows('s', 'c2')).toBe(true);
      await rig.end('c2');
      expect((await take()).callIds).toEqual(['c2']);
    }
  });
});

describe('large endings', () => {
  const kib = (count: number) => 'x'.repeat(count * 1_024);

  it('are told by signals before the request is sent, if they are over 256 KiB together', async () => {
    await rig.followToEnd('c1', answeredAt(1, { response: kib(100) }));
    await rig.followToEnd('c2', answeredAt(2, { response: kib(156) }));
    const { callIds, told, giveBack } = await take();
    expect(callIds).toEqual([]);
    expect(rig.told.map(({ by, commit }) => [by, commit.callId])).toEqual([
      ['signal', 'c1'],
      ['signal', 'c2'],
    ]);
    told();
    giveBack();
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.told).toHaveLength(2);
  });

  it('are taken along up to 256 KiB', async () => {
    await rig.followToEnd('c1', answeredAt(1, { response: kib(100) }));
    await rig.followToEnd('c2', answeredAt(2, { response: kib(155) }));
    expect((await take()).callIds).toEqual(['c1', 'c2']);
    expect(rig.told).toEqual([]);
  });

  it('in the payload store are copied for the session, because the call may be deleted', async () => {
    const bytes = Buffer.from(kib(2));
    const ref = `calls/c1/${createHash('sha256').update(bytes).digest('hex')}`;
    rig.stored.set(ref, bytes);
    await rig.followToEnd('c1', answeredAt(1, { response: { ref, bytes: bytes.length } }));
    const [commit] = (await take()).commits;
    const copy = commit?.messages?.[1]?.content as { ref: string };
    expect(copy.ref.startsWith(folderOf(sessionOwner('s', 'life')))).toBe(true);
    expect(rig.stored.get(copy.ref)).toEqual(bytes);
  });

  it('that cannot be copied now are left to the session, and keep no other ending back', async () => {
    await rig.followToEnd('c1', answeredAt(1, { response: { ref: 'unreadable', bytes: 2_000 } }));
    await rig.followToEnd('c2');
    const { callIds, told } = await take();
    expect(callIds).toEqual(['c2']);
    told();
    await rig.followToEnd('c3', answeredAt(1, { response: { ref: 'unreadable', bytes: 2_000 } }));
    await vi.advanceTimersByTimeAsync(quietMs);
    expect(rig.told).toEqual([]);
  });
});
