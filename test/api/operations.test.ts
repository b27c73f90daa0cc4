/** What operators look at: liveness, readiness, metrics, the docs page; and the bound on calls in flight. */
import { describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../rig/http-client.ts';
import { endedCall } from './ended-call.ts';
import { expectProblem } from './problem.ts';
import { gated, says } from './scripts.ts';
import { useNode } from './use-node.ts';

describe('a node that accepts one call at a time', () => {
  const node = useNode({ HOLDFAST_MAX_CALLS_IN_FLIGHT: '1' });
  const metric = async (line: string): Promise<number | undefined> => {
    const { text } = (await node.http.get('/metrics')).body as { text: string };
    const found = text.split('\n').find((one) => one.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.split(' ').at(-1));
  };

  it('is alive and ready', async () => {
    expect(await node.http.get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await node.http.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('refuses a second call with 429 and the limit, keeps no trace of it, and accepts it when the first has ended', async () => {
    const gate = gated('first');
    const agent = await node.agent('gate', gate.script);
    const call = () =>
      node.http.call({ agent_name: 'gate', prompt: 'x', session_id: 'one' }, { Prefer: 'respond-async' });
    const first = await call();
    await agent.waitForRequests(1);

    const refused = await call();

    expectProblem(refused, 429, 'overloaded');
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(refused.headers.get('RateLimit')).toBe('"node";r=0;t=1');
    expect(refused.headers.get('RateLimit-Policy')).toBe('"node";q=1;qu="concurrent-requests"');
    expect(await metric('holdfast_calls_in_flight')).toBe(1);
    gate.open();
    await endedCall(node.http, first.headers.get('Location') ?? '');
    await expect.poll(() => metric('holdfast_calls_in_flight')).toBe(0);
    const next = await call();
    expect(next.status).toBe(202);
    await endedCall(node.http, next.headers.get('Location') ?? '');
    expect(agent.requests).toHaveLength(2);
  });

  it('attaches a repeat of the running call, since it adds no load', async () => {
    const gate = gated('repeated');
    const agent = await node.agent('repeated', gate.script);
    const call = () =>
      node.http.call({ agent_name: 'repeated', prompt: 'x' }, { 'Idempotency-Key': 'again' });
    const first = call();
    await agent.waitForRequests(1);
    const second = node.http.call(
      { agent_name: 'repeated', prompt: 'x' },
      { 'Idempotency-Key': 'again', Prefer: 'respond-async' },
    );
    expect((await second).status).toBe(202);
    gate.open();
    expect((await first).body).toMatchObject({ response: 'repeated', call_id: (await second).body.call_id });
  });

  it('counts calls by the agent that answered or was asked, and by outcome', async () => {
    await node.agent('answers', says('hello'));
    await node.agent('refuses', () => ({ status: 401 }), { max_retries: 0 });
    await node.agent('falls-back', () => ({ status: 401 }), { fallback_agents: ['answers'] });
    for (const agent_name of ['answers', 'answers', 'refuses', 'falls-back'])
      await node.http.call({ agent_name, prompt: 'x' });

    const answered = 'outcome="answered",error_type=""';
    const refused = 'outcome="failed",error_type="auth"';
    const calls = (agent: string, how: string) => metric(`holdfast_calls_total{agent="${agent}",${how}}`);
    await expect.poll(() => calls('answers', answered)).toBe(3);
    expect(await calls('refuses', refused)).toBe(1);
    expect(await calls('falls-back', answered)).toBeUndefined();
    const attempts = (agent: string, how: string) =>
      metric(`holdfast_attempts_total{agent="${agent}",${how}}`);
    expect(await attempts('answers', answered)).toBe(3);
    expect(await attempts('falls-back', refused)).toBe(1);
    expect(await metric('holdfast_call_duration_seconds_count{outcome="failed"}')).toBe(1);
  });

  it('measures requests by route, never by id', async () => {
    await node.http.get('/api/vps/calls/some-id');
    const labels =
      'http_request_method="GET",http_route="/api/vps/calls/{id}",http_response_status_code="404"';
    expect(await metric(`http_server_request_duration_seconds_count{${labels}}`)).toBe(1);
    const answer = await node.http.get('/metrics');
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/plain; ?version=0\.0\.4/);
    expect(answer.body.text).not.toContain('some-id');
  });

  it('serves a docs page that uses only its own assets and no inline script', async () => {
    const page = await node.http.get('/docs');
    const html = page.body.text as string;
    expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, path = '']) => path)
      .filter((path) => path !== '/');
    expect(assets).toContain('/docs/start.js');
    const types = { css: 'text/css', js: 'text/javascript', png: 'image/png' };
    for (const path of assets) {
      const response = await fetch(node.http.url + path);
      expect(response.status).toBe(200);
      const extension = path.split('.').at(-1) as keyof typeof types;
      expect(response.headers.get('Content-Type')).toContain(types[extension]);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(20);
    }
    expect(html).not.toMatch(/<script>|<style|onload=/);
    expect((await node.http.get('/docs/start.js')).body.text).toContain("url: '/openapi.json'");
  });
});

describe('a node that starts one call at a time, and lets no other call wait to be started', () => {
  const node = useNode({ HOLDFAST_MAX_STARTS: '1', HOLDFAST_START_PATIENCE_SECONDS: '0' });

  it('refuses a call that would have to wait with 429, and names the limit', async () => {
    await node.agent('quick', says('hello'));
    const call = () => node.http.call({ agent_name: 'quick', prompt: 'x' });
    const burst = async () =>
      (await Promise.all([call(), call(), call(), call()])).filter((one) => one.status !== 200);
    let refused: HttpAnswer[] = [];
    await expect.poll(async () => (refused = await burst()).length).toBeGreaterThan(0);
    for (const answer of refused) {
      expectProblem(answer, 429, 'overloaded');
      expect(answer.headers.get('RateLimit')).toBe('"starts";r=0;t=1');
      expect(answer.headers.get('RateLimit-Policy')).toBe('"starts";q=1;qu="concurrent-requests"');
    }
  });
});
