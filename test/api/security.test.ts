/** Who may use the API: with keys, whoever has one; without, this machine, and no web page of another site. */
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { expectProblem } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const key = 'key-of-the-crm-0123456789';
const otherKey = 'key-of-the-bot-0123456789';
const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

/** fetch does not let a Host be set. */
function withHost(url: string, host: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { Host: host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const headers = new Headers(
          Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
        );
        resolve({ status: response.statusCode ?? 0, headers, body: JSON.parse(text) as Json });
      });
    });
    request.on('error', reject).end();
  });
}

describe('a node with API keys', () => {
  const node = useNode({ HOLDFAST_API_KEYS: `${key}, ${otherKey}` });
  const stranger = () => new HttpClient(node.http.url);

  it.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a wrong key', { Authorization: 'Bearer key-of-a-stranger-0123456789' }],
    ['a part of a key', { Authorization: `Bearer ${key.slice(0, -1)}` }],
    ['both keys in one', { Authorization: `Bearer ${key}, ${otherKey}` }],
    ['an empty key', { Authorization: 'Bearer ' }],
    ['a key without its scheme', { Authorization: key }],
    ['a key of another scheme', { Authorization: `Digest ${key}` }],
    ['a key as the user of Basic', basic(key, '')],
    ['a wrong password of Basic', basic('anyone', 'password')],
    ['a broken Basic', { Authorization: 'Basic %%%' }],
  ])('refuses %s everywhere, says how to come in, and does nothing', async (_what, headers) => {
    const answers = [
      await stranger().get('/api/vps/agents', headers),
      await stranger().get('/api/vps/status', headers),
      await stranger().post('/api/vps/register', { name: 'x', host: '127.0.0.1', port: 1 }, headers),
      await stranger().post('/api/vps/call', 'not even JSON', headers),
      await stranger().delete('/api/vps/sessions/s', headers),
      await stranger().get('/metrics', headers),
      await stranger().get('/openapi.json', headers),
      await stranger().get('/docs', headers),
      await stranger().get('/docs/assets/swagger-ui.css', headers),
    ];
    for (const answer of answers) {
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer, Basic realm="Holdfast"');
      expect(JSON.stringify(answer.body)).not.toContain('0123456789');
    }
    expect((await node.http.get('/api/vps/agents')).body.total).toBe(0);
  });

  it.each<[string, Record<string, string>]>([
    ['a Bearer token', { Authorization: `Bearer ${key}` }],
    ['a Bearer token, its scheme in lower case', { Authorization: `bearer ${key}` }],
    ['the other key', { Authorization: `Bearer ${otherKey}` }],
    ['the password of Basic', basic('anyone', key)],
    ['the password of Basic without a user', basic('', key)],
  ])('takes a key as %s', async (_what, headers) => {
    for (const path of ['/api/vps/agents', '/metrics', '/openapi.json', '/docs', '/docs/start.js'])
      expect((await stranger().get(path, headers)).status).toBe(200);
  });

  it('tells anyone whether it lives and is ready, and nothing more', async () => {
    expect(await stranger().get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await stranger().get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('documents that it needs a key', async () => {
    const { body } = await node.http.get('/openapi.json');
    const paths = body.paths as Record<string, Record<string, { security?: unknown; responses: Json }>>;
    expect((body.components as Json).securitySchemes).toEqual({ apiKey: { type: 'http', scheme: 'bearer' } });
    expect(paths['/api/vps/call']?.post?.security).toEqual([{ apiKey: [] }]);
    expect(Object.keys(paths['/api/vps/call']?.post?.responses ?? {})).toContain('401');
    expect(paths['/healthz']?.get?.security).toBeUndefined();
  });

  it('keeps the Idempotency-Keys of its callers apart', async () => {
    const agent = await node.agent('agent', says('hello'));
    const call = (apiKey: string) =>
      new HttpClient(node.http.url, apiKey).call(
        { agent_name: 'agent', prompt: 'x' },
        { 'Idempotency-Key': 'the same' },
      );
    const [crm, bot, again] = [await call(key), await call(otherKey), await call(key)];
    expect(bot.body.call_id).not.toBe(crm.body.call_id);
    expect(again.body.call_id).toBe(crm.body.call_id);
    expect(agent.requests).toHaveLength(2);
  });

  it('is asked by any name, and still not by web pages of other sites', async () => {
    const headers = { Authorization: `Bearer ${key}`, 'Sec-Fetch-Site': 'cross-site' };
    expectProblem(await stranger().post('/api/vps/sessions/cleanup', undefined, headers), 403, 'cross_site');
    const named = await withHost(`${node.http.url}/api/vps/agents`, 'gateway.example.com');
    expectProblem(named, 401, 'unauthorized');
    expect(named.body.detail).toContain('HOLDFAST_API_KEYS as "Authorization');
  });
});

describe('a node without API keys', () => {
  const node = useNode();

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:18789'])(
    'does not answer to the name %s, which a stranger may have pointed here',
    async (host) => {
      const answer = await withHost(`${node.http.url}/api/vps/agents`, host);
      expectProblem(answer, 401, 'unauthorized');
      expect((await withHost(`${node.http.url}/healthz`, host)).status).toBe(200);
    },
  );

  it.each(['localhost', 'LOCALHOST:18789', '127.0.0.1', '[::1]:18789', '192.168.1.5'])(
    'answers to %s',
    async (host) => {
      const answer = await withHost(`${node.http.url}/api/vps/agents`, host);
      expect(answer).toMatchObject({ status: 200, body: { total: 0 } });
    },
  );

  it.each(['cross-site', 'same-site'])('takes no change from a web page that is %s', async (site) => {
    const headers = { 'Sec-Fetch-Site': site };
    const answers = [
      await node.http.post('/api/vps/register', { name: 'x', host: '127.0.0.1', port: 1 }, headers),
      await node.http.post('/api/vps/sessions/cleanup?max_age_hours=0', undefined, headers),
      await node.http.delete('/api/vps/agents/x', headers),
    ];
    for (const answer of answers) expectProblem(answer, 403, 'cross_site');
    expect((await node.http.get('/api/vps/agents', headers)).body).toEqual({ total: 0, agents: [] });
  });

  it.each(['same-origin', 'none'])('takes changes from its own page (%s)', async (site) => {
    const headers = { 'Sec-Fetch-Site': site };
    const answer = await node.http.post('/api/vps/sessions/cleanup', undefined, headers);
    expect(answer).toMatchObject({ status: 200, body: { cleaned_up: 0 } });
  });

  it('gives no other site leave to read its answers', async () => {
    const { headers } = await node.http.get('/api/vps/agents', { Origin: 'https://evil.example' });
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
    expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
  });
});
