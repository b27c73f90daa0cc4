/** Looking at a call: what it was asked, on which chain, where the time went, what ran it again. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('the description of a call', () => {
  const node = useNode({ HOLDFAST_TEMPORAL_UI_URL: 'https://temporal.example/ui/' });
  const look = async (callId: unknown): Promise<Json> =>
    (await node.http.get(`/api/vps/calls/${callId as string}`)).body;

  it('shows what the call was started with and its pinned chain, and never a token', async () => {
    const token = 'secret-token-0123456789';
    await node.agent('backup', says('hello'), { timeout_seconds: 7, auth_token: token });
    const first = await node.agent('pinned', () => ({ status: 401 }), {
      fallback_agents: ['backup'],
      max_retries: 2,
    });
    const { body } = await node.http.call({
      agent_name: 'pinned',
      prompt: 'what now?',
      metadata: { ticket: 7 },
      deadline_seconds: 90,
    });
    await node.http.delete('/api/vps/agents/backup');

    const call = await look(body.call_id);

    expect(call).toMatchObject({
      prompt: 'what now?',
      metadata: { ticket: 7 },
      deadline_seconds: 90,
      asked: 'pinned',
      answered_by: 'backup',
      passed_over: [],
      error_type: null,
      reruns: [],
    });
    expect(call.chain).toEqual([
      { name: 'pinned', url: `http://127.0.0.1:${first.port}`, timeout_seconds: 30, max_retries: 2 },
      { name: 'backup', url: expect.stringMatching(/^http:/) as unknown, timeout_seconds: 7, max_retries: 3 },
    ]);
    expect(JSON.stringify(call)).not.toMatch(/secret-token|sealed/i);
    expect(linkOf(call.web_ui_url as string)).toEqual({
      start: `https://temporal.example/ui/namespaces/${node.temporal.options.namespace}/workflows`,
      workflow: `call-${body.call_id as string}`,
    });
  });

  it('shows when the first byte of each try came, and how long every other phase took', async () => {
    await node.agent('timed', ({ attempt }) =>
      attempt === 1 ? { status: 500 } : { body: { content: 'hello' } },
    );
    const { body } = await node.http.call({ agent_name: 'timed', prompt: 'x' });

    const { timings, attempts, latency_ms } = await look(body.call_id);

    const [first, second] = (attempts as { try_log: Json[] }[])[0]?.try_log ?? [];
    expect([first, second]).toMatchObject([
      { try: 1, attempt: 1 },
      { try: 2, attempt: 2 },
    ]);
    for (const one of [first, second]) {
      expect(one?.first_byte_ms).toBeGreaterThanOrEqual(0);
      expect(one?.first_byte_ms).toBeLessThanOrEqual(one?.latency_ms as number);
    }
    const { first_byte_ms, queued_ms, agent_ms, overhead_ms, total_ms } = timings as Record<string, number>;
    expect(first_byte_ms).toBe(second?.first_byte_ms);
    expect(agent_ms).toBeGreaterThan(500);
    expect(total_ms).toBe(latency_ms);
    expect((queued_ms ?? 0) + (agent_ms ?? 0) + (overhead_ms ?? 0)).toBe(total_ms);
  });

  it('has null for phases that have not ended and for a first byte that never came', async () => {
    const gate = gated('in time');
    const agent = await node.agent('slow', gate.script);
    const start = async () =>
      (
        await node.http.call(
          { agent_name: 'slow', prompt: 'x', session_id: 'one' },
          { Prefer: 'respond-async' },
        )
      ).body.call_id;
    const running = await start();
    await agent.waitForRequests(1);
    const waiting = await start();
    const unknown = { first_byte_ms: null, agent_ms: null, overhead_ms: null, total_ms: null };

    expect((await look(waiting)).timings).toEqual({ queued_ms: null, ...unknown });
    expect((await look(running)).timings).toEqual({
      queued_ms: expect.any(Number) as unknown,
      ...unknown,
    });
    gate.open();
    const ended = await endedCall(node.http, `/api/vps/calls/${waiting as string}`);
    expect((ended.timings as Record<string, number>).queued_ms).toBeGreaterThan(0);

    await node.agent('resets', () => ({ reset: true }), { max_retries: 0 });
    const { body } = await node.http.call({ agent_name: 'resets', prompt: 'x' });
    const call = await look(body.call_id);
    expect(call.attempts).toMatchObject([{ try_log: [{ first_byte_ms: null }] }]);
    expect(call.timings).toMatchObject({ first_byte_ms: null });
  });

  it('links a call to its reruns and a rerun to its call', async () => {
    await node.agent('again', () => ({ status: 401 }));
    const { body } = await node.http.call({ agent_name: 'again', prompt: 'x' });
    const rerun = await node.http.post(`/api/vps/calls/${body.call_id as string}/rerun`);

    await expect
      .poll(async () => (await look(body.call_id)).reruns)
      .toEqual([{ call_id: rerun.body.call_id, status: 'failed' }]);
    expect((await look(rerun.body.call_id)).rerun_of).toBe(body.call_id);
  });
});

function linkOf(url: string) {
  const parts = url.split('/');
  return { start: parts.slice(0, -2).join('/'), workflow: parts.at(-2) };
}
