/** What a facade tells directly while nothing durable can run, and the durable alert that follows. */
import { describe, expect, it } from 'vitest';
import { startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import {
  alertReceiver,
  aMinute,
  directIn,
  journalOf,
  patiently,
  ready,
  soon,
  taken,
} from './alert-support.ts';
import { place, startCluster } from './kill-support.ts';

describe('while nothing durable can run', () => {
  it('a facade tells that no worker polls, and the durable alert follows', async () => {
    const { facade, startWorker } = await startCluster(soon);
    const worker = await startWorker();
    const receiver = await alertReceiver(facade.http);
    await expect.poll(() => ready(facade.url), patiently).toBe(200);
    expect((await facade.http.get('/api/vps/webhooks')).status).toBe(200); // Now it knows them.
    worker.kill('SIGKILL');
    await worker.exited;
    await expect
      .poll(() => directIn(receiver, 'no_workers').length, { ...aMinute, timeout: 150_000 })
      .toBe(1);
    expect(journalOf(receiver, 'no_workers')).toEqual([]);
    await startWorker();
    await expect
      .poll(() => journalOf(receiver, 'no_workers'), aMinute)
      .toEqual(['alert.fired', 'alert.resolved']);
    const [direct] = directIn(receiver, 'no_workers');
    const [fired] = taken(receiver.received, 'no_workers');
    expect([fired?.data['id'], fired?.data['fired_at']]).toEqual([
      direct?.data['id'],
      direct?.data['fired_at'],
    ]);
    expect(directIn(receiver, 'no_workers')).toHaveLength(1);
  }, 400_000);

  it('a facade tells that Temporal does not answer, and the durable alert follows', async () => {
    const server = await startTemporalServer();
    const node = await startNodeProcess(await place({ ...soon, TEMPORAL_ADDRESS: server.address }));
    const receiver = await alertReceiver(node.http);
    const log = (): number => directIn(receiver, 'temporal_unreachable').length;
    await expect.poll(() => ready(node.url), patiently).toBe(200);
    await node.http.get('/api/vps/webhooks'); // Now it knows them.
    await server.kill();
    await expect.poll(log, patiently).toBe(1);
    await server.start();
    await expect
      .poll(() => journalOf(receiver, 'temporal_unreachable'), aMinute)
      .toEqual(['alert.fired', 'alert.resolved']);
    expect(log()).toBe(1);
  }, 300_000);
});
