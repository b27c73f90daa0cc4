/** The list of calls as it changes, and that nobody looks once nobody watches. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { liveCalls } from '../../src/contract/call-events.ts';
import { readEvents } from './event-reader.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { gated } from './scripts.ts';
import { useNode } from './use-node.ts';
import { onCluster } from '../on-cluster/start-facades.ts';

describe('the live list of calls', () => {
  const node = useNode({ HOLDFAST_MAX_STREAMS: '2' });
  const liveUrl = (query = '') => `${node.http.nextUrl()}/api/vps/calls/live?${query}`;
  const watches = async (): Promise<string> =>
    /^holdfast_watches (\d+)$/m.exec(await (await fetch(`${node.http.nextUrl()}/metrics`)).text())?.[1] ?? '';

  it('is sent at once, shows a call as it starts and as it ends, and counts by status', async () => {
    const gate = gated('done');
    await node.agent('live', gate.script);
    const left = new AbortController();
    const seen: Json[] = [];
    const until = async (status: string): Promise<void> => {
      for await (const { event, data } of events) {
        expect(event).toBe('calls');
        seen.push(data);
        if ((data.calls as Json[])[0]?.status === status) return;
      }
    };
    const iterator = readEvents(liveUrl('agent=live'), { signal: left.signal });
    // Leaving a loop over it is not the end of reading.
    const events = { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
    for await (const { data } of events) {
      seen.push(data);
      break;
    }
    expect(seen[0]).toMatchObject({ calls: [], counts: { total: 0 } });

    await node.http.call({ agent_name: 'live', prompt: 'x' }, { Prefer: 'respond-async' });
    await until('running');
    expect(seen.at(-1)?.counts).toEqual({
      total: 1,
      running: 1,
      completed: 0,
      failed: 0,
      cancelled: 0,
      covers: null,
    });
    gate.open();
    await until('completed');
    expect(seen.at(-1)?.counts).toMatchObject({ total: 1, running: 0, completed: 1 });
    expect(seen.map((data) => liveCalls.parse(data))).toEqual(seen);
    left.abort();
  });

  it.skipIf(onCluster)(
    'is looked at once for all who watch the same, and not at all when the last has left',
    async () => {
      await expect.poll(watches).toBe('0');
      const left = new AbortController();
      const open = (query: string) => readEvents(liveUrl(query), { signal: left.signal });
      const first = [open('agent=a&limit=5'), open('limit=5&agent=a')];
      await Promise.all(first.map((events) => events.next()));
      expect(await watches()).toBe('1');

      const refused = await node.http.get('/api/vps/calls/live?agent=b');
      expectProblem(refused, 429, 'overloaded');
      expect(refused.headers.get('Retry-After')).toBe('5');

      left.abort();
      await expect.poll(watches).toBe('0');
    },
  );

  it('refuses parameters that no list has, and names them', async () => {
    expectInvalid(await node.http.get('/api/vps/calls/live?status=ended'), 'status');
    expectInvalid(await node.http.get('/api/vps/calls/live?cursor=x'), 'cursor');
  });
});
