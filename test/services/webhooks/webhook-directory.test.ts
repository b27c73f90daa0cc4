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

  it('is asked once a second for deliveries, and always for those who need to know it now', async () => {
    await world.directory.find('wh1');
    for (let looks = 0; looks < 5; looks++) expect(await world.directory.find('wh1', 1_000)).toEqual(webhook);
    expect(world.describes).toBe(1);
    world.webhooks = [];
    expect(await world.directory.find('wh1')).toBeUndefined();
    expect(world.describes).toBe(2);
  });
});

describe('the reader of endings', () => {
  const ended = { type: 'agent.state_changed', agent: 'a', from: 'healthy', to: 'degraded' } as const;
  const event = { ...ended, at: 1, sequence: 1, series: 's' };

  it('goes on without webhooks while their directory has ended, and says so', async () => {
    const onUnknown = vi.fn();
    const matcher = new WebhookMatcher(world.directory, onUnknown);
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
      const matcher = new WebhookMatcher(world.directory, onUnknown);
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
      // Another process has read the feed for a while: its reader may have heard of other webhooks.
      vi.advanceTimersByTime(3_600_000);
      await expect(matcher.refresh()).rejects.toEqual(unavailable);
    } finally {
      vi.useRealTimers();
    }
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
