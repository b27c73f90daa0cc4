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
function withHost(
  url: string,
  host: string | string[],
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const hosts = [host].flat().flatMap((one) => ['Host', one]);
    const sent = [...Object.entries(headers).flat(), ...hosts];
    const request = httpRequest(url, { method, headers: sent }, (response) => {
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
      expect(answer.headers.get('WWW-Authenticate')).toContain('Bearer');
      expect(JSON.stringify(answer.body)).not.toContain('0123456789');
    }
    expect((await node.http.get('/api/vps/agents')).body.total).toBe(0);
  });

  const userAgent = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' };
  const html = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it.each<[string, boolean, Record<string, string>]>([
    ['a program', true, {}],
    ['a program that names itself', true, { 'User-Agent': 'curl/8.5.0', Accept: '*/*' }],
    ['a link that a user follows', true, { 'Sec-Fetch-Mode': 'navigate', ...userAgent, ...html }],
    ['such a link over plain HTTP', true, { ...userAgent, ...html }],
    ['a script of a page', false, { 'Sec-Fetch-Mode': 'cors', ...userAgent, Accept: '*/*' }],
    ['a file of a page', false, { 'Sec-Fetch-Mode': 'no-cors', ...userAgent, Accept: 'text/css' }],
    ['a script over plain HTTP', false, { ...userAgent, Accept: '*/*' }],
    ['a script without Accept', false, userAgent],
    ['a stream over plain HTTP', false, { ...userAgent, Accept: 'text/event-stream' }],
  ])(
    'asks %s for a password only where that opens no dialog over the desk',
    async (_what, basic, headers) => {
      for (const path of ['/api/vps/agents', '/docs']) {
        const answer = await withHost(node.http.url + path, 'gateway.example.com', { headers });
        expectProblem(answer, 401, 'unauthorized');
        expect(answer.headers.get('WWW-Authenticate')).toBe(
          basic ? 'Bearer, Basic realm="Holdfast"' : 'Bearer',
        );
      }
    },
  );

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

  it('tells everyone whether it is alive and ready, and nothing more', async () => {
    expect(await stranger().get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await stranger().get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('documents that it needs a key', async () => {
    const { body } = await node.http.get('/openapi.json');
    const paths = body.paths as Record<string, Record<string, { security?: unknown; responses: Json }>>;
    expect((body.components as Json).securitySchemes).toMatchObject({
      apiKey: { type: 'http', scheme: 'bearer' },
      deskCookie: { type: 'apiKey', in: 'cookie', name: 'holdfast_desk' },
    });
    expect(paths['/api/vps/call']?.post?.security).toEqual([{ apiKey: [] }, { deskCookie: [] }]);
    expect(Object.keys(paths['/api/vps/call']?.post?.responses ?? {})).toContain('401');
    expect(paths['/healthz']?.get?.security).toBeUndefined();
  });

  it('takes an Idempotency-Key for the same one, whichever key of its project comes with it', async () => {
    const agent = await node.agent('agent', says('hello'));
    const call = (apiKey: string) =>
      new HttpClient(node.http.url, apiKey).call(
        { agent_name: 'agent', prompt: 'x' },
        { 'Idempotency-Key': 'the same' },
      );
    const [crm, bot, again] = [await call(key), await call(otherKey), await call(key)];
    expect(bot.body.call_id).toBe(crm.body.call_id);
    expect(again.body.call_id).toBe(crm.body.call_id);
    expect(agent.requests).toHaveLength(1);
  });

  it('accepts any Host, but no changes by web pages of other sites', async () => {
    const headers = { Authorization: `Bearer ${key}`, 'Sec-Fetch-Site': 'cross-site' };
    expectProblem(await stranger().post('/api/vps/sessions/cleanup', undefined, headers), 403, 'cross_site');
    const named = await withHost(`${node.http.url}/api/vps/agents`, 'gateway.example.com');
    expectProblem(named, 401, 'unauthorized');
    expect(named.body.detail).toContain('send one as "Authorization');
  });
});

/** Every endpoint that is no GET, as the OpenAPI document has them. */
async function changingEndpoints(http: HttpClient): Promise<{ method: string; path: string }[]> {
  const { paths } = (await http.get('/openapi.json')).body as { paths: Record<string, Json> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get')
      .map((method) => ({ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'x') })),
  );
}

describe('a node beside web pages of other sites', () => {
  const publicOrigin = 'https://gateway.example.com';
  const node = useNode({
    HOLDFAST_API_KEYS: key,
    HOLDFAST_PUBLIC_ORIGIN: `${publicOrigin}, http://desk.example`,
  });
  const cleanup = (host: string | string[], headers: Record<string, string>) =>
    withHost(`${node.http.url}/api/vps/sessions/cleanup`, host, {
      method: 'POST',
      headers: { ...basic('anyone', key), ...headers },
    });

  it('refuses every change that comes with the Origin of another page, whatever its body', async () => {
    const endpoints = await changingEndpoints(node.http);
    expect(endpoints.map(({ path }) => path)).toContain('/api/vps/sessions/cleanup');
    const origins = [
      'https://evil.example',
      'null',
      'http://127.0.0.1:1',
      node.http.url.replace('http:', 'https:'),
      `${node.http.url}, ${node.http.url}`,
      '',
    ];
    for (const { method, path } of endpoints)
      for (const Origin of origins)
        for (const body of [undefined, '{}']) {
          const response = await fetch(node.http.url + path, {
            method,
            headers: { ...basic('anyone', key), Origin, ...(body && { 'Content-Type': 'application/json' }) },
            ...(body && { body }),
          });
          const answer = {
            status: response.status,
            headers: response.headers,
            body: (await response.json()) as Json,
          };
          expectProblem(answer, 403, 'cross_site');
        }
  });

  it.each([
    ['plain', 'node.example:18789', 'http://node.example:18789'],
    ['in upper case', 'Node.Example:18789', 'http://node.example:18789'],
    ['with the default port', 'node.example:80', 'http://node.example'],
    ['with a trailing dot', 'node.example.:81', 'http://node.example.:81'],
    ['an IPv6 address', '[::1]:81', 'http://[::1]:81'],
    ['a proxy in front', '10.0.0.7:81', publicOrigin],
    ['another proxy in front', '10.0.0.7:81', 'http://desk.example'],
  ])('takes changes of its own pages: its host %s', async (_what, host, Origin) => {
    expect(await cleanup(host, { Origin })).toMatchObject({ status: 200 });
    expect(await cleanup(host, { Origin, 'Sec-Fetch-Site': 'same-origin' })).toMatchObject({ status: 200 });
    expectProblem(await cleanup(host, { Origin, 'Sec-Fetch-Site': 'cross-site' }), 403, 'cross_site');
  });

  it.each<[string, string | string[], string]>([
    ['another port', 'node.example:18789', 'http://node.example:18790'],
    ['another scheme', 'node.example', 'https://node.example'],
    ['a trailing dot', 'node.example:81', 'http://node.example.:81'],
    ['a part of the name', 'node.example', 'http://node.example.evil.example'],
    ['a Host that is none', 'node.example/x', 'http://node.example'],
    ['a Host with a user', 'user@node.example', 'http://node.example'],
    ['two Hosts', ['node.example', 'evil.example'], 'http://node.example'],
    ["the public origin's other port", 'node.example', `${publicOrigin}:8443`],
  ])('takes no change where the Origin differs in %s', async (_what, host, Origin) => {
    const answer = await cleanup(host, { Origin });
    expectProblem(answer, 403, 'cross_site');
    expect(answer.body.detail).toContain(`HOLDFAST_PUBLIC_ORIGIN is '${publicOrigin}`);
  });

  it('accepts changes by clients without an Origin, which are not browsers', async () => {
    expect(await cleanup('node.example', {})).toMatchObject({ status: 200 });
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

  it('allows no other site to read its answers', async () => {
    const { headers } = await node.http.get('/api/vps/agents', { Origin: 'https://evil.example' });
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
    expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
  });
});
