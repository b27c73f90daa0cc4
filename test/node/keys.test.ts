/** API keys outlive every process, and go on for a while without Temporal. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { newKeyText } from '../../src/domain/key-text.ts';
import { expectProblem } from '../api/problem.ts';
import { HttpClient, type Json } from '../rig/http-client.ts';
import { ProductProcess, samePlace, startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import { testEnvironment } from '../rig/test-node.ts';

async function place(extra = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

const make = async (http: HttpClient, wish: Json) => {
  const { body } = await http.post('/api/vps/keys', { name: 'test', ...wish });
  const text = String(body.key);
  return { id: String(body.id), text, http: new HttpClient(http.url, text) };
};
const statusOf = async (http: HttpClient) => (await http.get('/api/vps/agents')).status;

test(
  'no text of a key is in the log, not even of one in a path or a query',
  { timeout: 60_000 },
  async () => {
    const { http, process: node } = await startNodeProcess(await place({ HOLDFAST_LOG_LEVEL: 'debug' }));
    const admin = await make(http, { scopes: ['admin'] });
    const reader = await make(admin.http, { scopes: ['read'] });
    const secretOf = ({ text }: { text: string }) => text.slice(-38);
    await reader.http.get(`/api/vps/agents?${reader.text}=1&key=${reader.text}`);
    for (const before of ['%20', '%0A', 'x_', 'a%2F', '%68f%5F'])
      await reader.http.get(`/api/vps/sessions/${before}${reader.text}?${before}${reader.text}=1`);
    await reader.http.get(`/api/vps/sessions/${reader.text.replace('hf_', '%68%66%5F')}`);
    await admin.http.delete(`/api/vps/keys/${reader.text}`);
    expect(await statusOf(reader.http)).toBe(401);
    await node.printed(/hf_\.\.\./);
    expect(node.output).not.toContain(secretOf(reader));
    expect(node.output).not.toContain(secretOf(admin));
  },
);

test('a node that was killed knows the keys, and stays closed', { timeout: 60_000 }, async () => {
  const environment = await place();
  const first = await startNodeProcess(environment);
  const admin = await make(first.http, { scopes: ['admin'] });
  first.process.kill('SIGKILL');
  await first.process.exited;
  const second = await startNodeProcess(samePlace(environment, first));
  expect(await statusOf(admin.http)).toBe(200);
  expect(await statusOf(second.http)).toBe(401);
});

test(
  'without Temporal, known keys go on for their time, and an unknown one is not called wrong',
  {
    timeout: 120_000,
  },
  async () => {
    const server = await startTemporalServer();
    const { http } = await startNodeProcess(
      await place({ TEMPORAL_ADDRESS: server.address, HOLDFAST_KEYS_OFFLINE_SECONDS: '8' }),
    );
    const admin = await make(http, { scopes: ['admin'] });
    const reader = await make(admin.http, { scopes: ['read'] });
    const revoked = await make(admin.http, { scopes: ['read'] });
    await admin.http.delete(`/api/vps/keys/${revoked.id}`);

    await server.kill();

    expect(await statusOf(reader.http)).toBe(200);
    expect(await statusOf(revoked.http)).toBe(401);
    expectProblem(
      await new HttpClient(http.url, newKeyText().text).get('/api/vps/agents'),
      503,
      'temporal_unavailable',
    );
    expect(await statusOf(new HttpClient(http.url, 'no-key-at-all'))).toBe(401);
    await expect.poll(() => statusOf(reader.http), { timeout: 20_000 }).toBe(503);
    expect(await statusOf(http)).toBe(401); // That there are keys does not change.

    await server.start();
    await expect.poll(() => statusOf(reader.http), { timeout: 30_000 }).toBe(200);
    expect(await statusOf(http)).toBe(401);
  },
);

test('a stream ends with the key that opened it', { timeout: 60_000 }, async () => {
  const { http } = await startNodeProcess(await place());
  const admin = await make(http, { scopes: ['admin'] });
  const reader = await make(admin.http, { scopes: ['read'] });
  const response = await fetch(`${http.url}/api/vps/calls/live`, {
    headers: { Authorization: `Bearer ${reader.text}` },
  });
  expect(response.status).toBe(200);
  const ended = response.text().then(
    () => 'ended',
    () => 'cut',
  );
  const revokedAt = performance.now();
  await admin.http.delete(`/api/vps/keys/${reader.id}`);
  expect(await ended).toBe('cut');
  expect(performance.now() - revokedAt).toBeLessThan(2_000);
});

test(
  'a node does not start with a directory of keys that somebody has ended, unless it is told to',
  {
    timeout: 60_000,
  },
  async () => {
    const environment = await place();
    const first = await startNodeProcess(environment);
    await make(first.http, { scopes: ['admin'] });
    const connection = await Connection.connect({ address: first.temporalAddress });
    await new Client({ connection }).workflow.getHandle('access-directory').terminate();
    await connection.close();
    first.process.kill('SIGTERM');
    await first.process.exited;

    const again = new ProductProcess('src/node/server.js', environment);
    await again.printed(/access-directory, which holds the API keys, has ended/);
    expect(await again.exited).toMatchObject({ code: 1 });

    const bootstrap = 'bootstrap-key-of-the-test-0123456789';
    const forced = await startNodeProcess({
      ...environment,
      HOLDFAST_API_KEYS: bootstrap,
      HOLDFAST_JOIN: 'force',
    });
    const operator = new HttpClient(forced.url, bootstrap);
    expect((await operator.get('/api/vps/keys')).body).toEqual({ total: 0, keys: [] });
    forced.process.kill('SIGTERM');
    await forced.process.exited;
    // A node that has no keys of its own stays closed.
    const third = await startNodeProcess(environment);
    expectProblem(
      await third.http.post('/api/vps/keys', { name: 'x', scopes: ['admin'] }),
      401,
      'unauthorized',
    );
  },
);

test('the directory goes on as it is when its workflow continues as new', { timeout: 60_000 }, async () => {
  const { http, temporalAddress } = await startNodeProcess(await place());
  const admin = await make(http, { scopes: ['admin'] });
  const reader = await make(admin.http, { scopes: ['read'] });
  const connection = await Connection.connect({ address: temporalAddress });
  onTestFinished(() => connection.close());
  const directory = new Client({ connection }).workflow.getHandle('access-directory');
  const { runId } = await directory.describe();
  // It does so after 500 events; each rotation has 5.
  for (let round = 0; (await directory.describe()).runId === runId && round < 150; round++)
    await admin.http.post(`/api/vps/keys/${reader.id}/rotate`, { overlap_seconds: 0 });
  expect((await directory.describe()).memo).toMatchObject({ everKeyed: true });
  expect(await statusOf(admin.http)).toBe(200);
  expect(await statusOf(reader.http)).toBe(401);
  expect(await statusOf(http)).toBe(401);
});

test('a revocation and the first key are known while no worker runs', { timeout: 120_000 }, async () => {
  const key = randomBytes(32).toString('base64');
  const environment = await place({ HOLDFAST_ENCRYPTION_KEY: key });
  const first = await startNodeProcess(environment);
  const beside = await place({
    HOLDFAST_ENCRYPTION_KEY: key,
    HOLDFAST_EMBEDDED_WORKER: 'off',
    HOLDFAST_PAYLOAD_STORE: join(environment.HOLDFAST_DATA_DIR, 'payloads'),
    TEMPORAL_ADDRESS: first.temporalAddress,
  });
  const facade = await startNodeProcess(beside);
  const admin = await make(first.http, { scopes: ['admin'] });
  const reader = await make(admin.http, { scopes: ['read'] });
  const rotated = await make(admin.http, { scopes: ['read'] });
  const there = new HttpClient(facade.url, reader.text);
  const rotatedThere = new HttpClient(facade.url, rotated.text);
  expect(await statusOf(there)).toBe(200);
  expect(await statusOf(rotatedThere)).toBe(200);
  await admin.http.delete(`/api/vps/keys/${reader.id}`);
  await admin.http.post(`/api/vps/keys/${rotated.id}/rotate`, { overlap_seconds: 0 });
  first.process.kill('SIGSTOP'); // With its worker; Temporal's server goes on.
  await expect.poll(() => statusOf(there), { timeout: 10_000 }).toBe(401);
  await expect.poll(() => statusOf(rotatedThere), { timeout: 10_000 }).not.toBe(200);
  expect(await statusOf(facade.http)).toBe(401);
  first.process.kill('SIGCONT');
});

test('of two first keys at once, one is created', { timeout: 60_000 }, async () => {
  const key = randomBytes(32).toString('base64');
  const environment = await place({ HOLDFAST_ENCRYPTION_KEY: key });
  const first = await startNodeProcess(environment);
  const facade = await startNodeProcess(
    await place({
      HOLDFAST_ENCRYPTION_KEY: key,
      HOLDFAST_EMBEDDED_WORKER: 'off',
      HOLDFAST_PAYLOAD_STORE: join(environment.HOLDFAST_DATA_DIR, 'payloads'),
      TEMPORAL_ADDRESS: first.temporalAddress,
    }),
  );
  const wish = { name: 'first', scopes: ['admin'] };
  const answers = await Promise.all(
    [first.http, facade.http, first.http, facade.http].map((http) => http.post('/api/vps/keys', wish)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401]);
});
