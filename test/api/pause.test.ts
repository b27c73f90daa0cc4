/** Agents out of rotation: calls pass over a paused agent, are refused, or wait for it (ADR 0042). */
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { endedBatch, failedCalls, startBatch } from './batch-support.ts';
import { allEvents } from './event-reader.ts';
import { echo, gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

const node = useNode();

const pause = async (name: string, body: Json = {}): Promise<Json> => {
  const answer = await node.http.post(`/api/vps/agents/${name}/pause`, body);
  expect(answer.status).toBe(200);
  return answer.body;
};
const resume = async (name: string): Promise<Json> => {
  const answer = await node.http.post(`/api/vps/agents/${name}/resume`);
  expect(answer.status).toBe(200);
  return answer.body;
};
const start = async (body: Json): Promise<string> => {
  const answer = await node.http.call({ prompt: 'x', ...body }, { Prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  return String(answer.body.call_id);
};
const call = async (id: string): Promise<Json> => (await node.http.get(`/api/vps/calls/${id}`)).body;
const attemptsOf = ({ attempts }: Json): unknown[] =>
  (attempts as Json[]).map(({ agent, status, error_type, tries }) => [agent, status, error_type, tries]);
const hasEnded = { timeout: 20_000, interval: 100 };
const passedOver = (agent: string): unknown[] => [agent, 'failed', 'agent_paused', 0];

describe('a pause', () => {
  it('is shown with its reason and end by the agent, the list and health; pausing again changes it, resuming ends it', async () => {
    await node.agent('shown', says('here'));
    const until = new Date(Date.now() + 3_600_000).toISOString();

    const first = await pause('shown', { reason: 'a new model is rolled out', until, new_calls: 'wait' });

    const paused = { until, reason: 'a new model is rolled out', new_calls: 'wait', by: null };
    expect(first).toMatchObject({ name: 'shown', paused });
    const { since } = first.paused as Json;
    expect((await node.http.get('/api/vps/agents?id=shown')).body.paused).toEqual({ ...paused, since });
    expect((await node.http.get('/api/vps/health/shown')).body.paused).toEqual({ ...paused, since });
    const { agents } = (await node.http.get('/api/vps/agents')).body as { agents: Json[] };
    expect(agents.find(({ name }) => name === 'shown')).toMatchObject({ paused: { since } });
    expect((await node.http.get('/api/vps/health')).body.paused_agents).toBe(1);

    const changed = { since, until: null, reason: null, new_calls: 'fall_back', by: null };
    expect((await pause('shown')).paused).toEqual(changed);
    expect((await resume('shown')).paused).toBeNull();
    expect((await resume('shown')).paused).toBeNull();
    expect((await node.http.get('/api/vps/health/shown')).body.paused).toBeNull();
  });

  it('lasts when the agent is registered again, and is gone with the agent', async () => {
    const agent = await node.agent('kept', says('here'));
    const { paused } = await pause('kept', { reason: 'kept' });

    await node.http.register('kept', agent.port, { max_retries: 1 });
    expect((await node.http.get('/api/vps/agents?id=kept')).body.paused).toEqual(paused);

    await node.http.delete('/api/vps/agents/kept');
    await node.http.register('kept', agent.port);
    expect((await node.http.get('/api/vps/agents?id=kept')).body.paused).toBeNull();
  });

  it('takes only an end in the future, a known choice and a short reason, for a registered agent', async () => {
    await node.agent('strict', says('here'));
    const refused = async (body: Json): Promise<Json> => {
      const answer = await node.http.post('/api/vps/agents/strict/pause', body);
      expect(answer).toMatchObject({ status: 422, body: { error_type: 'validation_failed' } });
      return (answer.body.errors as Json[])[0] ?? {};
    };

    expect(await refused({ until: '2020-01-01T00:00:00Z' })).toMatchObject({ field: 'until' });
    expect(await refused({ until: 'tomorrow' })).toMatchObject({ field: 'until' });
    expect(await refused({ new_calls: 'drop' })).toMatchObject({ field: 'new_calls' });
    expect(await refused({ reason: 'x'.repeat(201) })).toMatchObject({ field: 'reason' });
    for (const action of ['pause', 'resume'])
      expect(
        await node.http.post(`/api/vps/agents/nobody/${action}`, action === 'pause' ? {} : undefined),
      ).toMatchObject({
        status: 404,
        body: { error_type: 'agent_not_found' },
      });
  });
});

describe('while an agent is paused with fall_back', () => {
  it('new calls pass over it, show why, and neither its health nor its circuit changes', async () => {
    await node.agent('second', says('from the second'));
    const first = await node.agent('first', says('from the first'), { fallback_agents: ['second'] });
    await pause('first', { reason: 'it hallucinates' });

    const { body } = await node.http.call({ agent_name: 'first', prompt: 'x' });

    expect(body).toMatchObject({ success: true, agent_name: 'second', response: 'from the second' });
    expect(attemptsOf(body)).toEqual([passedOver('first'), ['second', 'ok', null, 1]]);
    expect((body.attempts as Json[])[0]?.error).toBe(
      "Agent 'first' is paused: it hallucinates; it was not asked",
    );
    const told = await allEvents(`${node.http.url}/api/vps/calls/${String(body.call_id)}/events`);
    expect(
      told.map(({ event, data }) => [event, data.agent ?? data.to ?? null, data.error_type ?? null]),
    ).toEqual([
      ['accepted', null, null],
      ['attempt_started', 'first', null],
      ['attempt_failed', 'first', 'agent_paused'],
      ['failover', 'second', 'agent_paused'],
      ['attempt_started', 'second', null],
      ['answered', 'second', null],
      ['end', null, null],
    ]);
    expect(first.requests).toEqual([]);
    expect((await node.http.get('/api/vps/health/first')).body).toMatchObject({
      status: 'healthy',
      circuit: 'closed',
      total_requests: 0,
      total_failures: 0,
      error_metrics: {},
      recent_errors: [],
    });
    await resume('first');
    expect((await node.http.call({ agent_name: 'first', prompt: 'x' })).body.agent_name).toBe('first');
  });

  it('a call for which nobody is left is refused with 503 before it is accepted, and Retry-After is its end if that is known', async () => {
    await node.agent('sole', says('here'));
    await node.agent('other', says('here'), { fallback_agents: ['sole'] });
    await pause('sole');
    const alone = await node.http.call({ agent_name: 'sole', prompt: 'x' });
    expect(alone).toMatchObject({ status: 503, body: { error_type: 'agent_paused' } });
    expect(alone.headers.get('Retry-After')).toBe('60');

    await pause('other', { until: new Date(Date.now() + 60_000).toISOString() });
    const both = await node.http.call({ agent_name: 'other', prompt: 'x' });
    expect(both).toMatchObject({ status: 503, body: { error_type: 'agent_paused' } });
    expect(Number(both.headers.get('Retry-After'))).toBeGreaterThan(50);
    expect(both.body.detail).toMatch(
      /^Agent 'other' is paused until .*, and it has no fallback that could be asked;/,
    );

    await resume('other');
    expect((await node.http.call({ agent_name: 'other', prompt: 'x' })).body).toMatchObject({
      success: true,
    });
  });

  it('an accepted call that waited for its turn follows the pause', async () => {
    const gate = gated('the first turn');
    const asked = await node.agent('turns', gate.script);
    await node.agent('stand-in', says('from the stand-in'));
    await node.agent('late', says('from the late one'), { fallback_agents: ['stand-in'] });
    const holder = await start({ agent_name: 'turns', session_id: 'queue' });
    await asked.waitForRequests(1);
    const queued = await start({ agent_name: 'late', session_id: 'queue' });
    await pause('late');
    gate.open();

    await expect
      .poll(() => call(queued), hasEnded)
      .toMatchObject({ status: 'completed', agent_name: 'stand-in' });
    expect(attemptsOf(await call(queued))[0]).toEqual(passedOver('late'));
    expect(await call(holder)).toMatchObject({ status: 'completed', agent_name: 'turns' });
  });

  it('a call in its backoff passes on and keeps its tries, and a request at the agent ends', async () => {
    const failing = await node.agent('failing', () => ({ status: 500, headers: { 'Retry-After': '8' } }), {
      fallback_agents: ['second'],
    });
    const backingOff = await start({ agent_name: 'failing' });
    const gate = gated('in time');
    const slow = await node.agent('slow', gate.script);
    const inFlight = await start({ agent_name: 'slow' });
    await Promise.all([failing.waitForRequests(1), slow.waitForRequests(1)]);

    await Promise.all([pause('failing'), pause('slow', { new_calls: 'refuse' })]);
    gate.open();

    await expect
      .poll(() => call(inFlight), hasEnded)
      .toMatchObject({ status: 'completed', response: 'in time' });
    await expect
      .poll(() => call(backingOff), hasEnded)
      .toMatchObject({ status: 'completed', agent_name: 'second' });
    expect(attemptsOf(await call(backingOff))[0]).toEqual(['failing', 'failed', 'agent_paused', 1]);
    expect(failing.requests).toHaveLength(1);
  });

  it('a call that waits for a slot passes on, while the request that holds the slot goes on', async () => {
    const gate = gated('from the holder');
    const narrow = await node.agent('narrow', gate.script, {
      max_concurrency: 1,
      fallback_agents: ['second'],
    });
    await node.agent('wide', () => ({ status: 401 }), { fallback_agents: ['narrow'] });
    const holder = await start({ agent_name: 'narrow' });
    await narrow.waitForRequests(1);
    const waiting = await start({ agent_name: 'wide' });
    await expect.poll(() => call(waiting), hasEnded).toMatchObject({ retry_count: 1 });

    await pause('narrow');

    await expect
      .poll(() => call(waiting), hasEnded)
      .toMatchObject({ status: 'completed', agent_name: 'second' });
    expect(attemptsOf(await call(waiting))[1]).toEqual(passedOver('narrow'));
    gate.open();
    await expect
      .poll(() => call(holder), hasEnded)
      .toMatchObject({ status: 'completed', agent_name: 'narrow' });
  });

  it('batches skip calls that would be refused, and what-if says so', async () => {
    const [id] = await failedCalls(node, 'rerun', 1);
    await pause('rerun', { reason: 'under repair' });

    const { body: row } = await node.http.get(`/api/vps/calls/${id}/what-if`);
    const reason = expect.stringMatching(/^Agent 'rerun' is paused: under repair/) as string;
    expect(row).toMatchObject({ after: { next_agent: null, reason } });
    const rerun = await node.http.post(`/api/vps/calls/${id}/rerun`, {});
    expect(rerun).toMatchObject({ status: 503, body: { error_type: 'agent_paused' } });
    const batch = { filter: { agent: 'rerun' } };
    const dry = await node.http.post('/api/vps/reruns', { ...batch, dry_run: true });
    expect(dry.body).toMatchObject({ total: 0, skipped: 1 });
    const ended = await endedBatch(node.http, await startBatch(node.http, batch));
    expect(ended).toMatchObject({ skipped: 1, items: [{ call_id: id, outcome: 'skipped', reason }] });
  });
});

describe('while an agent is paused with refuse', () => {
  it('a call that names it is refused although it has a fallback, and as a fallback it is passed over', async () => {
    const refusing = await node.agent('refusing', says('here'), { fallback_agents: ['second'] });
    await node.agent('caller', () => ({ status: 401 }), { fallback_agents: ['refusing'] });
    await pause('refusing', { new_calls: 'refuse' });

    expect(await node.http.call({ agent_name: 'refusing', prompt: 'x' })).toMatchObject({
      status: 503,
      body: { error_type: 'agent_paused', type: 'urn:holdfast:problem:agent_paused' },
    });
    const { body } = await node.http.call({ agent_name: 'caller', prompt: 'x' });
    expect(body).toMatchObject({ success: true, agent_name: 'second' });
    expect(attemptsOf(body)[1]).toEqual(passedOver('refusing'));
    expect(refusing.requests).toEqual([]);
  });

  it('a repeat of a call that was accepted before gets its answer', async () => {
    await node.agent('repeated', says('once'));
    const send = () =>
      node.http.call({ agent_name: 'repeated', prompt: 'x' }, { 'Idempotency-Key': 'before the pause' });
    expect((await send()).body).toMatchObject({ response: 'once' });
    await pause('repeated', { new_calls: 'refuse' });
    expect((await send()).body).toMatchObject({ success: true, response: 'once' });
  });
});

describe('while an agent is paused with wait', () => {
  it('calls wait until it is resumed, also one that is queued behind, in few events', async () => {
    const awaited = await node.agent('awaited', echo, { fallback_agents: ['second'] });
    await pause('awaited', { new_calls: 'wait' });
    const first = await start({
      agent_name: 'awaited',
      prompt: 'one',
      session_id: 'waiting',
      deadline_seconds: 120,
    });
    const behind = await start({
      agent_name: 'awaited',
      prompt: 'two',
      session_id: 'waiting',
      deadline_seconds: 120,
    });
    const waits = async (): Promise<unknown> => {
      const { raw } = await node.temporal.workflow.getHandle(`call-${first}`).describe();
      return raw.pendingActivities?.map(({ activityType }) => activityType?.name);
    };
    await expect.poll(waits, hasEnded).toEqual(['awaitResume']);
    expect(await call(behind)).toMatchObject({ status: 'running' });

    await resume('awaited');

    await expect
      .poll(() => call(behind), hasEnded)
      .toMatchObject({ status: 'completed', response: 're: two' });
    expect(await call(first)).toMatchObject({
      status: 'completed',
      agent_name: 'awaited',
      response: 're: one',
    });
    expect(attemptsOf(await call(first))).toEqual([['awaited', 'ok', null, 1]]);
    // The agent was in rotation for 2 s before it was asked, and the wait is no overhead.
    const { latency_ms: latencyMs, overhead_ms: overheadMs } = await call(first);
    expect(Number(latencyMs) - Number(overheadMs)).toBeGreaterThan(1_900);
    expect(awaited.requests).toHaveLength(2);
    const told = await allEvents(`${node.http.url}/api/vps/calls/${first}/events`);
    expect(told.map(({ event, data }) => [event, data.error_type ?? null])).toEqual([
      ['accepted', null],
      ['attempt_started', null],
      ['attempt_failed', 'agent_paused'],
      ['attempt_started', null],
      ['answered', null],
      ['end', null],
    ]);
    const { events } = await node.temporal.workflow.getHandle(`call-${first}`).fetchHistory();
    expect(events?.length).toBeLessThanOrEqual(20);
  });

  it('a call whose share of the deadline is over passes on, and without a fallback fails with agent_paused', async () => {
    await node.agent('hopeless', says('here'));
    await node.agent('hopeful', says('here'), { fallback_agents: ['second'] });
    await Promise.all(['hopeless', 'hopeful'].map((name) => pause(name, { new_calls: 'wait' })));

    const [failed, passedOn] = await Promise.all([
      node.http.call({ agent_name: 'hopeless', prompt: 'x', deadline_seconds: 2 }),
      node.http.call({ agent_name: 'hopeful', prompt: 'x', deadline_seconds: 4 }),
    ]);

    expect(failed.body).toMatchObject({ success: false, error_type: 'agent_paused' });
    expect(failed.body.error).toMatch(/'hopeless' was not resumed within its share of the deadline/);
    expect(passedOn.body).toMatchObject({ success: true, agent_name: 'second' });
    expect(attemptsOf(passedOn.body)[0]).toEqual(passedOver('hopeful'));
  });

  it('a waiting call follows a change of the pause, its end, and a cancellation at once', async () => {
    await node.agent('changing', says('here'), { fallback_agents: ['second'] });
    await node.agent('ending', says('at last'));
    await node.agent('cancelled', says('here'));
    const until = new Date(Date.now() + 3_000).toISOString();
    await pause('changing', { new_calls: 'wait' });
    await pause('ending', { new_calls: 'wait', until });
    await pause('cancelled', { new_calls: 'wait' });
    const [changing, ending, cancelled] = await Promise.all(
      ['changing', 'ending', 'cancelled'].map((agent_name) => start({ agent_name, deadline_seconds: 120 })),
    );
    const waits = async (): Promise<unknown> => {
      const { raw } = await node.temporal.workflow.getHandle(`call-${cancelled}`).describe();
      return raw.pendingActivities?.length;
    };
    await expect.poll(waits, hasEnded).toBe(1);

    await node.http.post(`/api/vps/calls/${cancelled}/cancel`);
    await pause('changing', { new_calls: 'refuse' });

    await expect.poll(() => call(cancelled ?? ''), hasEnded).toMatchObject({ status: 'cancelled' });
    expect(attemptsOf(await call(cancelled ?? ''))).toEqual([['cancelled', 'failed', 'cancelled', 0]]);
    await expect
      .poll(() => call(changing ?? ''), hasEnded)
      .toMatchObject({ status: 'completed', agent_name: 'second' });
    await expect
      .poll(() => call(ending ?? ''), hasEnded)
      .toMatchObject({ status: 'completed', response: 'at last' });
    expect((await node.http.get('/api/vps/agents?id=ending')).body.paused).toBeNull();
  });
});
