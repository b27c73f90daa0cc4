/** Following a call by server-sent events. */
import { describe, expect, it } from 'vitest';
import { callEnd, callEvent } from '../../src/contract/call-events.ts';
import { allEvents, readEvents, type Told } from './event-reader.ts';
import { expectProblem } from './problem.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const asynchronously = { Prefer: 'respond-async' };
const names = (told: readonly Told[]) => told.map(({ event }) => event);

/** What a schema does not name, parsing leaves out. */
const expectInContract = (told: readonly Told[]): void => {
  const contract = told.map(({ event, data }) => (event === 'end' ? callEnd : callEvent).parse(data));
  expect(contract).toEqual(told.map(({ data }) => data));
  expect(contract.map(({ type }) => type)).toEqual(names(told));
};

describe('the events of a call', () => {
  const node = useNode();
  const start = async (agent_name: string): Promise<string> => {
    const { body } = await node.http.call({ agent_name, prompt: 'x' }, asynchronously);
    return `${node.http.nextUrl()}/api/vps/calls/${body.call_id as string}/events`;
  };

  it('report tries, failover and answer as they happen, and can be read again from any event after the end', async () => {
    const gate = gated('at last');
    await node.agent('backup', gate.script);
    await node.agent('broken', () => ({ status: 500 }), { max_retries: 1, fallback_agents: ['backup'] });
    const url = await start('broken');

    const live: Told[] = [];
    for await (const one of readEvents(url)) {
      live.push(one);
      if (one.event === 'attempt_started' && one.data.agent === 'backup') gate.open();
    }

    expect(names(live)).toEqual([
      'accepted',
      'attempt_started',
      'attempt_failed',
      'attempt_started',
      'attempt_failed',
      'failover',
      'attempt_started',
      'answered',
      'end',
    ]);
    expectInContract(live);
    expect(live.slice(0, 8).map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
    expect(live[2]?.data).toMatchObject({ agent: 'broken', try: 1, attempt: 1, error_type: 'model_error' });
    expect(live[2]?.data.retry_at).toMatch(/Z$/);
    expect(live[4]?.data).toMatchObject({ agent: 'broken', try: 2, attempt: 2, retry_at: null });
    expect(live[5]?.data).toMatchObject({ from: 'broken', to: 'backup', error_type: 'model_error' });
    expect(live[7]?.data).toMatchObject({ type: 'answered', agent: 'backup' });
    expect(names(await allEvents(url))).toEqual(names(live));
    expect(names(await allEvents(url, '5'))).toEqual(names(live).slice(5));
    expect(names(await allEvents(url, '8'))).toEqual(['end']);
    expect(names(await allEvents(url, '99'))).toEqual(['answered', 'end']);
  });

  it('end with the failure or the cancellation of the call', async () => {
    await node.agent('refuses', () => ({ status: 401 }));
    const failed = await allEvents(await start('refuses'));
    expect(failed.at(-2)).toMatchObject({ event: 'failed', data: { error_type: 'auth' } });
    expectInContract(failed);

    const hanging = await node.agent('hangs', () => ({ hang: true }));
    const url = await start('hangs');
    await hanging.waitForRequests(1);
    const told: Told[] = [];
    for await (const one of readEvents(url)) {
      told.push(one);
      if (one.event === 'attempt_started')
        await node.http.post(new URL(url).pathname.replace(/events$/, 'cancel'));
    }
    expect(names(told)).toEqual(['accepted', 'attempt_started', 'cancelled', 'end']);
    expectInContract(told);
  });

  it('are refused for a call that does not exist', async () => {
    expectProblem(await node.http.get('/api/vps/calls/never-made/events'), 404, 'call_not_found');
  });

  it('do not change how calls are counted by status', async () => {
    await node.agent('counted', says('x'));
    await node.http.call({ agent_name: 'counted', prompt: 'x' });
    const counts = async () => (await node.http.get('/api/vps/calls/counts?agent=counted')).body;
    await expect
      .poll(counts)
      .toEqual({ total: 1, running: 0, completed: 1, failed: 0, cancelled: 0, covers: null });
  });
});
