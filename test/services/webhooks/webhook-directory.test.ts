/** What is known of the webhooks while their directory in Temporal answers, does not answer, or has ended. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DeliveryFiles } from '../../../src/services/webhooks/delivery-files.ts';
import { sweepDeliveries } from '../../../src/services/webhooks/sweep-deliveries.ts';
import { patienceMs, WebhookMatcher } from '../../../src/services/webhooks/webhook-matcher.ts';
import { MemoryStore } from '../../payloads/memory-store.ts';
import { DirectoryWorld, webhook } from './directory-world.ts';

let world: DirectoryWorld;
beforeEach(() => {
  world = new DirectoryWorld();
});
const unavailable = expect.objectContaining({ type: 'temporal_unavailable' }) as unknown;

describe('the directory of webhooks', () => {
  it('that never was is empty, and one that somebody has ended in Temporal is not', async () => {
    world.state = 'none';
    expect(await world.directory.list()).toEqual([]);
    world.state = 'ended';
    await expect(world.directory.find('wh1')).rejects.toThrow(/temporal workflow reset/);
    await expect(world.directory.list()).rejects.toEqual(unavailable);
  });

  it('that has ended is not replaced by an empty one when a webhook is made', async () => {
    world.state = 'ended';
    await expect(world.directory.create(webhook)).rejects.toEqual(unavailable);
    expect(world.starts).toBe(0);
  });

  it('is asked each time whether it has changed, so that a change holds at once', async () => {
    expect(await world.directory.find('wh1')).toEqual(webhook);
    world.webhooks = [];
    expect(await world.directory.find('wh1')).toBeUndefined();
    expect(world.describes).toBe(2);
  });
});

let files: DeliveryFiles;
beforeEach(() => {
  files = new DeliveryFiles(new MemoryStore());
});

function matcherOf(onUnknown: (why: string, error: unknown) => void): WebhookMatcher {
  return new WebhookMatcher({
    directory: world.directory,
    files,
    laneOf: (id) => `lane of ${id}`,
    onUnknown,
  });
}

describe('the reader of endings', () => {
  const ended = { type: 'agent.state_changed', agent: 'a', from: 'healthy', to: 'degraded' } as const;
  const event = { ...ended, at: 1, sequence: 1, series: 's' };

  it('goes on without webhooks while their directory has ended, and says so', async () => {
    const onUnknown = vi.fn();
    const matcher = matcherOf(onUnknown);
    expect(await matcher.refresh()).toBe(true);
    expect(matcher.wantingEvent(event)).toEqual(['wh1']);
    world.state = 'ended';
    expect(await matcher.refresh()).toBe(false);
    expect(await matcher.refresh()).toBe(false);
    expect(matcher.wantingEvent(event)).toEqual([]);
    expect(onUnknown).toHaveBeenCalledOnce();
    world.state = 'running';
    expect(await matcher.refresh()).toBe(true);
    expect(matcher.wantingEvent(event)).toEqual(['wh1']);
  });

  it('waits some minutes for a directory that does not answer, then goes on with what it read last', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const onUnknown = vi.fn();
      const matcher = matcherOf(onUnknown);
      await matcher.refresh();
      world.state = 'mute';
      for (let waited = 0; waited < patienceMs; waited += 15_000) {
        await expect(matcher.refresh()).rejects.toEqual(unavailable);
        vi.advanceTimersByTime(15_000);
      }
      expect(onUnknown).not.toHaveBeenCalled();
      expect(await matcher.refresh()).toBe(false);
      expect(matcher.wantingEvent(event)).toEqual(['wh1']);
      expect(onUnknown).toHaveBeenCalledWith(expect.stringContaining('1 webhooks'), unavailable);
      // So does one in another process, which has never read them, and it knows no secrets.
      expect(JSON.stringify(await files.readKnown())).not.toContain('sealed');
      const other = matcherOf(onUnknown);
      await expect(other.refresh()).rejects.toEqual(unavailable);
      for (let waited = 0; waited < patienceMs; waited += 15_000) {
        vi.advanceTimersByTime(15_000);
        await other.refresh().catch(() => undefined);
      }
      expect(other.wantingEvent(event)).toEqual(['wh1']);
      // Another process has read the feed for a while: its reader may have heard of other webhooks.
      vi.advanceTimersByTime(3_600_000);
      await expect(matcher.refresh()).rejects.toEqual(unavailable);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an ending', () => {
  const call = {
    callId: 'c',
    status: 'completed',
    agentAsked: 'a',
    sessionId: 's',
    startedAt: new Date(1),
    endedAt: new Date(2),
  } as const;

  it('names the webhooks that want it, and its lane if one of them is ordered', async () => {
    world.webhooks = [{ ...webhook, events: ['call.completed'] }];
    const matcher = matcherOf(vi.fn());
    await matcher.refresh();
    expect(matcher.marksOf(call)).toEqual({ for: ['wh1'] });
    expect(matcher.marksOf({ ...call, status: 'failed', callback: true })).toEqual({ callback: true });
    expect(matcher.marksOf({ ...call, status: 'running' })).toEqual({});
    world.webhooks = [{ ...webhook, events: ['call.completed'], ordered: true }];
    const ordered = matcherOf(vi.fn());
    await ordered.refresh();
    expect(ordered.marksOf(call)).toEqual({ for: ['wh1'], lane: 'lane of s' });
  });
});

describe('a sweep of the deliveries', () => {
  it('deletes what removed webhooks have left, and nothing unless a directory says which they are', async () => {
    const store = new MemoryStore();
    const files = new DeliveryFiles(store);
    const entry = {
      eventId: 'evt_1',
      type: 'call.completed',
      about: 'c',
      happenedAt: 1,
      at: 1,
      outcome: 'delivered',
      tries: 1,
      segment: 1,
      index: 0,
    } as const;
    const state = JSON.stringify({});
    for (const id of ['wh1', 'wh2']) {
      await files.append(id, 1, [entry]);
      await store.write(`webhooks/${id}/state`, Buffer.from(state));
    }
    const later = Date.now() + 1_000;
    world.state = 'mute';
    await expect(sweepDeliveries(world.directory, files, later)).rejects.toEqual(unavailable);
    for (const silent of ['ended', 'none'] as const) {
      world.state = silent;
      await sweepDeliveries(world.directory, files, later);
    }
    expect([...store.keys()]).toHaveLength(4);
    world.state = 'running';
    await sweepDeliveries(world.directory, files, 1);
    expect([...store.keys()]).toHaveLength(4);
    await sweepDeliveries(world.directory, files, later);
    expect([...store.keys()]).toEqual(['webhooks/wh1/state']);
  });
});
