/** Requests that no endpoint takes: their refusals, before any field is looked at. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid, expectProblem } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const maxBodyBytes = 2_000;

describe('a request', () => {
  const node = useNode({ HOLDFAST_MAX_BODY_BYTES: String(maxBodyBytes) });
  const callOf = (bytes: number): string => {
    const empty = '{"agent_name":"nobody","prompt":""}';
    return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
  };

  it.each([
    ['broken off', '{"agent_name":'],
    ['no JSON', 'agent_name=a&prompt=b'],
    ['two values', '{} {}'],
    ['no UTF-8 JSON number', '{"deadline_seconds":01}'],
  ])('whose body is %s is 400', async (_what, body) => {
    expectProblem(await node.http.post('/api/vps/call', body), 400, 'invalid_json');
  });

  it.each<[string, number[]]>([
    ['a byte that begins nothing', [0xff]],
    ['a character that is cut off', [0xe2, 0x82]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['an overlong spelling', [0xc0, 0xaf]],
  ])('whose text is no UTF-8 but %s is 400', async (_what, bytes) => {
    const body = Buffer.concat([
      Buffer.from('{"agent_name":"agent","prompt":"'),
      Buffer.from(bytes),
      Buffer.from('"}'),
    ]);
    const headers = { 'Content-Type': 'application/json' };
    for (const path of ['/api/vps/call', '/api/vps/sessions/import']) {
      const response = await fetch(node.http.url + path, { method: 'POST', headers, body });
      const answer = {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Json,
      };
      expectProblem(answer, 400, 'invalid_json');
    }
  });

  it.each([
    '{"auth_token":tk-of-the-agent}',
    '{"auth_token":"tk-of-the-agent",}',
    '{"auth_token":"tk-of-the-agent" x}',
  ])('with broken JSON is not quoted back, since %s may hold a token', async (body) => {
    const answer = await node.http.post('/api/vps/register', body);
    expectProblem(answer, 400, 'invalid_json');
    expect(JSON.stringify(answer.body)).not.toMatch(/tk|agent|token"/);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'application/jsonx'])(
    'whose body is %s is 415',
    async (type) => {
      const answer = await node.http.post('/api/vps/call', '{}', { 'Content-Type': type });
      expectProblem(answer, 415, 'unsupported_media_type');
    },
  );

  it('is answered with 415 if the encoding or the charset of its body is unknown', async () => {
    for (const headers of [
      { 'Content-Encoding': 'lzma' },
      { 'Content-Type': 'application/json; charset=latin1' },
      { 'Content-Type': 'application/json; charset=utf-16' },
    ])
      expectProblem(await node.http.post('/api/vps/call', '{}', headers), 415, 'unsupported_media_type');
  });

  it('may have another JSON subtype as its type, and may be compressed', async () => {
    await node.agent('agent', says('hello'));
    const body = JSON.stringify({ agent_name: 'agent', prompt: 'x' });
    const plain = await node.http.post('/api/vps/call', body, { 'Content-Type': 'application/vnd.crm+json' });
    expect(plain.body).toMatchObject({ success: true });
    const response = await fetch(`${node.http.url}/api/vps/call`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body: gzipSync(body),
    });
    expect(await response.json()).toMatchObject({ success: true });
  });

  it('without a body where one is needed is refused', async () => {
    for (const path of ['/api/vps/call', '/api/vps/register'])
      expect((await node.http.post(path)).body.error_type).toMatch(
        /validation_failed|unsupported_media_type/,
      );
    const answer = await node.http.post('/api/vps/call', '');
    expectProblem(answer, 422, 'validation_failed');
  });

  it('is read with a body at the limit, and answered with 413 if it has one byte more', async () => {
    expectProblem(await node.http.post('/api/vps/call', callOf(maxBodyBytes)), 404, 'agent_not_found');
    expectProblem(await node.http.post('/api/vps/call', callOf(maxBodyBytes + 1)), 413, 'body_too_large');
  });

  it('is answered with 413 if it is small but decompresses to more than the limit', async () => {
    const response = await fetch(`${node.http.url}/api/vps/call`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body: gzipSync(callOf(1_000_000)),
    });
    expect(response.status).toBe(413);
  });

  it('is answered with 404 if the endpoint does not exist, which the answer names', async () => {
    for (const path of [
      '/nothing',
      '/api/vps',
      '/api/vps/nothing',
      '/api/vps/calls/a/b/c',
      '/docs/assets/nothing.js',
    ]) {
      const answer = await node.http.get(path);
      expectProblem(answer, 404, 'route_not_found');
      expect(answer.body.detail).toContain(`GET ${path}`);
    }
  });

  it.each([
    ['DELETE', '/api/vps/call', 'POST'],
    ['GET', '/api/vps/register', 'POST'],
    ['POST', '/api/vps/agents', 'GET, DELETE'],
    ['PUT', '/api/vps/sessions/s', 'GET, DELETE, PATCH'],
    ['PATCH', '/api/vps/calls/x', 'GET'],
    ['GET', '/api/vps/calls/x/cancel', 'POST'],
    ['OPTIONS', '/healthz', 'GET'],
  ])('%s %s is 405 and Allow says %s', async (method, path, allow) => {
    const response = await fetch(node.http.url + path, { method });
    const body = (await response.json()) as Record<string, unknown>;
    expectProblem({ status: response.status, headers: response.headers, body }, 405, 'method_not_allowed');
    expect(response.headers.get('Allow')).toBe(allow);
  });

  it.each(['/api/vps/calls/%zz', '/api/vps/sessions/%E0%A4%A', '/api/vps/health/%'])(
    'to %s, which is badly percent-encoded, is 422 and says so of the path',
    async (path) => {
      const answer = await node.http.get(path);
      expectInvalid(answer, 'path');
      expect(answer.body.detail).toMatch(/percent-encoding/);
    },
  );

  it('is refused without a Host (HTTP/1.0) like one to a foreign host, and does not fail internally', async () => {
    const { port } = new URL(node.http.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /api/vps/agents HTTP/1.0\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk as string;
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).toContain('"error_type":"unauthorized"');
  });

  it('is answered with headers that prevent content sniffing, and without the name of the server software', async () => {
    const { headers } = await node.http.get('/api/vps/agents');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Content-Security-Policy')).toContain("default-src 'self'");
    expect(headers.get('X-Powered-By')).toBeNull();
  });
});
