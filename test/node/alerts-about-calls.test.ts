/** Alerts about calls fire and resolve because calls fail, wait and are refused. Nothing here calls what evaluates them. */
import { describe, expect, it } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import type { Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { activeOf, alertReceiver, aMinute, journalOf, patiently, soon, taken } from './alert-support.ts';
import { agentOf, gatedAgent, place } from './kill-support.ts';

describe('alerts about calls', () => {
  it('fire when calls fail, fail over and wait, and resolve when enough are well', async () => {
    const node = await startNodeProcess(
      await place({ ...soon, HOLDFAST_ALERT_QUEUE_WAIT_SECONDS: '1', HOLDFAST_ALERT_FOR_SECONDS: '3600' }),
    );
    const { http } = node;
    const receiver = await alertReceiver(http);
    let isUp = false;
    const broken = await agentOf(() => (isUp ? { body: { content: 'yes' } } : { status: 401 }));
    const good = await agentOf(() => ({ body: { content: 'yes' } }));
    const slow = await agentOf(async () => {
      await delay(400);
      return { body: { content: 'yes' } };
    });
    await http.register('good', good.port);
    await http.register('slow', slow.port);
    await http.register('bad', broken.port, { max_retries: 0 });
    await http.register('covered', broken.port, { max_retries: 0, fallback_agents: ['good'] });
    const all = (count: number, body: Json) =>
      Promise.all(Array.from({ length: count }, () => http.call({ prompt: 'x', ...body })));
    await Promise.all([
      all(12, { agent_name: 'bad' }),
      all(12, { agent_name: 'covered' }),
      all(12, { agent_name: 'slow', session_id: 'one' }),
    ]);
    const expected = ['error_rate_high', 'error_rate_high bad', 'failovers_high', 'queue_wait_high'];
    await expect.poll(async () => (await activeOf(http)).sort(), aMinute).toEqual(expected);

    isUp = true;
    for (let round = 0; round < 15; round++) await all(20, { agent_name: 'bad' });
    await expect.poll(() => activeOf(http), aMinute).toEqual([]);
    for (const condition of ['failovers_high', 'queue_wait_high'])
      await expect
        .poll(() => journalOf(receiver, condition), patiently)
        .toEqual(['alert.fired', 'alert.resolved']);
    await expect.poll(() => journalOf(receiver, 'error_rate_high').length, patiently).toBe(4);
    const [fired] = taken(receiver.received, 'failovers_high');
    expect(fired?.data).toMatchObject({ severity: 'warning' });
    // It fires once ten calls have failed over, which may be before the minute of the others is complete.
    const { failovers } = fired?.data['values'] as { failovers: number };
    expect(failovers).toBeGreaterThanOrEqual(10);
    expect(failovers).toBeLessThanOrEqual(12);
  }, 400_000);

  it('fire when a node refuses them and when Temporal will forget them, and resolve', async () => {
    const environment = await place({
      ...soon,
      HOLDFAST_MAX_CALLS_IN_FLIGHT: '1',
      HOLDFAST_RETENTION_DAYS: '1',
      HOLDFAST_ALERT_RETENTION_PERCENT: '100',
    });
    const node = await startNodeProcess(environment);
    const receiver = await alertReceiver(node.http);
    const gated = await gatedAgent();
    const broken = await agentOf(() => ({ status: 401 }));
    await node.http.register('gated', gated.agent.port);
    await node.http.register('broken', broken.port);
    const held = node.http.call({ agent_name: 'gated', prompt: 'x' });
    await gated.agent.waitForRequests(1);
    for (let call = 0; call < 12; call++)
      expect((await node.http.call({ agent_name: 'gated', prompt: 'y' })).status).toBe(429);
    await expect.poll(() => activeOf(node.http), patiently).toContain('calls_refused node');
    gated.open();
    await held;
    await expect.poll(() => activeOf(node.http), patiently).not.toContain('calls_refused node');
    await expect
      .poll(() => journalOf(receiver, 'calls_refused'), patiently)
      .toEqual(['alert.fired', 'alert.resolved']);

    expect((await node.http.call({ agent_name: 'broken', prompt: 'x' })).body.error_type).toBe('auth');
    await expect.poll(() => activeOf(node.http), aMinute).toContain('retention_near');
    node.process.kill('SIGKILL');
    await node.process.exited;
    const again = await startNodeProcess({
      ...samePlace(environment, node),
      HOLDFAST_ARCHIVE: 'payload-store',
      HOLDFAST_ARCHIVE_SECONDS: '1',
    });
    await expect
      .poll(() => activeOf(again.http), { ...aMinute, timeout: 150_000 })
      .not.toContain('retention_near');
    await expect
      .poll(() => journalOf(receiver, 'retention_near'), patiently)
      .toEqual(['alert.fired', 'alert.resolved']);
  }, 400_000);
});
