/** A call after its acceptance: waiting as preferred, looking, cancelling. */
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { workflowBundlePath } from '../../src/platform/paths.ts';
import type { Json } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const asynchronously = { Prefer: 'respond-async' };

describe('a call', () => {
  const node = useNode();
  const locationOf = ({ headers }: { headers: Headers }): string => headers.get('Location') ?? '';

  it('with Prefer: respond-async is answered at once with 202 and its Location, where its result is later', async () => {
    const gate = gated('later');
    await node.agent('gate', gate.script);

    const accepted = await node.http.call({ agent_name: 'gate', prompt: 'hello' }, asynchronously);

    expect(accepted).toMatchObject({ status: 202, body: { status: 'running' } });
    expect(accepted.headers.get('Preference-Applied')).toBe('respond-async');
    expect(locationOf(accepted)).toBe(`/api/vps/calls/${accepted.body.call_id as string}`);
    gate.open();
    expect(await endedCall(node.http, locationOf(accepted))).toMatchObject({
      call_id: accepted.body.call_id,
      success: true,
      response: 'later',
    });
  });

  it('with Prefer: wait=1 is answered with 200 if it ends within 1 s, otherwise with 202', async () => {
    const gate = gated('slow');
    await node.agent('quick', says('quick'));
    await node.agent('slow', gate.script);
    const call = (agent_name: string) =>
      node.http.call({ agent_name, prompt: 'hello' }, { Prefer: 'wait=1, respond-async' });

    const [quick, slow] = await Promise.all([call('quick'), call('slow')]);

    expect(quick).toMatchObject({ status: 200, body: { success: true, response: 'quick' } });
    expect(slow).toMatchObject({ status: 202, body: { status: 'running' } });
    for (const answer of [quick, slow]) expect(answer.headers.get('Preference-Applied')).toBe('wait=1');
    gate.open();
    await endedCall(node.http, locationOf(slow));
  });

  it('without Prefer or with an unknown preference is awaited to its end, and the answer names no applied preference', async () => {
    await node.agent('plain', says('plain'));
    for (const Prefer of ['', 'return=minimal', 'wait=soon']) {
      const answer = await node.http.call({ agent_name: 'plain', prompt: 'hello' }, { Prefer });
      expect(answer.body.response).toBe('plain');
      expect(answer.headers.get('Preference-Applied')).toBeNull();
    }
  });

  it('to an agent that is not registered is answered with 404 and a body that old clients understand', async () => {
    const answer = await node.http.call({ agent_name: 'nobody', prompt: 'hello' });

    expectProblem(answer, 404, 'agent_not_found');
    expect(answer.body).toMatchObject({
      success: false,
      agent_name: 'nobody',
      error: "Agent 'nobody' not registered",
    });
  });

  it('while a fallback is asked, describes the agent that has failed and counts the failover', async () => {
    const gate = gated('done');
    const agent = await node.agent('waits-behind', gate.script);
    await node.agent('fails-first', () => ({ status: 401 }), { fallback_agents: ['waits-behind'] });
    const path = locationOf(
      await node.http.call({ agent_name: 'fails-first', prompt: 'hello' }, asynchronously),
    );
    await agent.waitForRequests(1);

    // The history has the first try once the workflow task that made it has ended.
    const running = async () => (await node.http.get(path)).body;
    await expect.poll(async () => (await running()).attempts).toHaveLength(1);
    expect(await running()).toMatchObject({
      status: 'running',
      attempts: [{ agent: 'fails-first', status: 'failed', error_type: 'auth', tries: 1 }],
      retried: true,
      retry_count: 1,
    });
    gate.open();
    expect(await endedCall(node.http, path)).toMatchObject({ status: 'completed', retry_count: 1 });
  });

  it('reads as running with nulls for what is not known yet, then as ended with everything', async () => {
    const gate = gated('done');
    const agent = await node.agent('watched', gate.script, { fallback_agents: ['plain'] });
    const path = locationOf(
      await node.http.call(
        { agent_name: 'watched', prompt: 'hello', session_id: 'watched-session', user_id: 'u' },
        asynchronously,
      ),
    );
    await agent.waitForRequests(1);

    const running = (await node.http.get(path)).body;
    gate.open();
    const ended = await endedCall(node.http, path);

    const same = { agent_name: 'watched', session_id: 'watched-session', user_id: 'u', rerun_of: null };
    const chain = ['watched', 'plain'];
    expect(running).toMatchObject({
      ...same,
      call_id: path.split('/').at(-1),
      status: 'running',
      success: null,
      answered_by: null,
      response: null,
      error: null,
      error_type: null,
      fallback_chain: chain,
      attempts: [],
      latency_ms: null,
      overhead_ms: null,
      retried: false,
      retry_count: 0,
      session_stored: null,
      started_at: running.started_at,
      ended_at: null,
    });
    expect(ended).toMatchObject({
      ...same,
      status: 'completed',
      success: true,
      answered_by: 'watched',
      response: 'done',
      fallback_chain: chain,
      session_stored: true,
      started_at: running.started_at,
    });
    expect(ended.latency_ms).toBe(
      Date.parse(ended.ended_at as string) - Date.parse(ended.started_at as string),
    );
    expect(ended.attempts).toMatchObject([{ agent: 'watched', status: 'ok', error_type: null, tries: 1 }]);
  });

  it('that is cancelled answers the client that waits, and cancelling it again changes nothing', async () => {
    const agent = await node.agent('hanging', () => ({ hang: true }));
    const waiter = node.http.call(
      { agent_name: 'hanging', prompt: 'hello' },
      { 'Idempotency-Key': 'to be cancelled' },
    );
    await agent.waitForRequests(1);
    const call_id = decodeURIComponent(agent.requests[0]?.callKey?.split('/')[0] ?? '');
    const cancel = () => node.http.post(`/api/vps/calls/${call_id}/cancel`);

    expect(await cancel()).toMatchObject({ status: 202, body: { call_id, status: 'running' } });

    expect(await waiter).toMatchObject({
      status: 200,
      body: { call_id, success: false, error_type: 'cancelled', error: 'The call was cancelled' },
    });
    expect(await cancel()).toMatchObject({ status: 200, body: { call_id, status: 'cancelled' } });
    expect(agent.requests).toHaveLength(1);
  });

  it('that has completed can no longer be cancelled', async () => {
    await node.agent('completed', says('kept'));
    const { body } = await node.http.call({ agent_name: 'completed', prompt: 'hello' });
    const path = `/api/vps/calls/${body.call_id as string}`;

    expect(await node.http.post(`${path}/cancel`)).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    });
    expect((await node.http.get(path)).body).toMatchObject({ status: 'completed', response: 'kept' });
  });

  it('that an operator terminates is cancelled for readers and for the client that waits', async () => {
    const agent = await node.agent('terminated', () => ({ hang: true }));
    const waiter = node.http.call({ agent_name: 'terminated', prompt: 'hello' });
    await agent.waitForRequests(1);
    const call_id = agent.requests[0]?.callKey?.split('/')[0] ?? '';

    await node.temporal.workflow.getHandle(`call-${call_id}`).terminate('by an operator');

    const cancelled = { success: false, error_type: 'cancelled', error: 'The call was terminated' };
    expect((await waiter).body).toMatchObject({ call_id, ...cancelled });
    expect((await node.http.get(`/api/vps/calls/${call_id}`)).body).toMatchObject({
      status: 'cancelled',
      ...cancelled,
    });
  });

  it('that does not exist is 404 at every endpoint of calls', async () => {
    const path = '/api/vps/calls/never-made';
    const answers = [
      await node.http.get(path),
      await node.http.get(`${path}/history`),
      await node.http.post(`${path}/cancel`),
      await node.http.post(`${path}/rerun`),
    ];
    for (const answer of answers) expectProblem(answer, 404, 'call_not_found');
  });

  it('an entity workflow is never found as a call, whatever the id', async () => {
    await node.http.call({ agent_name: 'plain', prompt: 'x', session_id: 'no-call' });
    for (const id of ['session-no-call', 'agent-directory', '../agent-directory'])
      expectProblem(await node.http.get(`/api/vps/calls/${encodeURIComponent(id)}`), 404, 'call_not_found');
  });

  it('has a history that is complete and replays', async () => {
    await node.agent('historic', says('kept'));
    const { body } = await node.http.call({ agent_name: 'historic', prompt: 'hello' });

    const history = await node.http.get(`/api/vps/calls/${body.call_id as string}/history`);

    const events = history.body.events as Json[];
    expect(history.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(events.map((event) => Number(event.eventId))).toEqual(events.map((_, i) => i + 1));
    expect(events[0]?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_STARTED');
    expect(events.at(-1)?.eventType).toBe('EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED');
    await Worker.runReplayHistory({ workflowBundle: { codePath: workflowBundlePath } }, history.body);
  });
});
