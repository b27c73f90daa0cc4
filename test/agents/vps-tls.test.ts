import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ResolveAll } from '../../src/agents/http/guarded-lookup.ts';
import { agentErrorOf, configOf, openAgent, openRawServer, openTransport, question } from './support.ts';

let folder: string;
let certificate: string;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=agent.test';
  const files = ['-addext', 'subjectAltName=DNS:agent.test', '-keyout', keyFile, '-out', certificateFile];
  await promisify(execFile)('openssl', [...request.split(' '), ...files]);
  key = await readFile(keyFile, 'utf8');
  certificate = await readFile(certificateFile, 'utf8');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const answer: RequestListener = (_request, response) => void response.end('{"content":"in private"}');

async function openSecureAgent(serve = answer): Promise<number> {
  const server = createServer({ key, cert: certificate }, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const onLoopback: ResolveAll = (_hostname, _options, callback) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }]);

test('an agent with a certificate that the operator trusts is asked over TLS', async () => {
  const port = await openSecureAgent();
  const transport = openTransport({ resolve: onLoopback, extraCertificates: certificate });
  const agent = configOf({ host: 'agent.test', port }, { protocol: 'https' });
  expect(await transport.ask(question(agent))).toBe('in private');
});

test.each(['end', 'destroy'] as const)(
  'a TLS connection that has served and is closed by %s instead of an answer costs no try',
  async (how) => {
    const served: unknown[] = [];
    const port = await openSecureAgent((request, response) => {
      served.push(request.socket);
      if (served.length === 2) request.socket[how]();
      else answer(request, response);
    });
    const transport = openTransport({ resolve: onLoopback, extraCertificates: certificate });
    const agent = configOf({ host: 'agent.test', port }, { protocol: 'https' });
    await transport.ask(question(agent));
    await setImmediate(); // The connection is idle again.
    expect(await transport.ask(question(agent))).toBe('in private');
    expect([served.length, new Set(served).size]).toEqual([3, 2]);
  },
);

test('an untrusted certificate fails as connection', async () => {
  const agent = configOf({ host: '127.0.0.1', port: await openSecureAgent() }, { protocol: 'https' });
  const error = await agentErrorOf(openTransport().ask(question(agent, { token: 'opensesame' })));
  expect(error.type).toBe('connection');
  expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
});

test('a trusted certificate of another host is connection', async () => {
  const port = await openSecureAgent();
  const transport = openTransport({ resolve: onLoopback, extraCertificates: certificate });
  const agent = configOf({ host: 'other.test', port }, { protocol: 'https' });
  const error = await agentErrorOf(transport.ask(question(agent)));
  expect(error.type).toBe('connection');
  expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
});

test('an agent that speaks plain HTTP on an https port is connection', async () => {
  const agent = configOf(await openAgent(() => ({ body: { content: 'hi' } })), { protocol: 'https' });
  expect((await agentErrorOf(openTransport().ask(question(agent)))).type).toBe('connection');
});

test('a TLS handshake that never ends is connection after connectTimeoutMs', async () => {
  const silent = await openRawServer(() => undefined);
  const agent = configOf(silent, { protocol: 'https' });
  const error = await agentErrorOf(openTransport({ connectTimeoutMs: 50 }).ask(question(agent)));
  expect(error.type).toBe('connection');
  expect(error.message).toContain('no connection in time');
});
