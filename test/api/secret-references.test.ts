/** Agents whose token is a reference, which the process that asks resolves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { expectInvalid } from './problem.ts';
import { says } from './scripts.ts';
import { useNode } from './use-node.ts';

const secret = 'secret-of-the-agent-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const node = useNode({ HOLDFAST_SECRET_ONE: secret, HOLDFAST_SECRETS_DIR: folder });

it.each(['env:HOLDFAST_SECRET_ONE', 'file:one'])(
  'sends the secret that %s refers to, and never shows it',
  async (reference) => {
    await writeFile(join(folder, 'one'), `${secret}\n`);
    const name = reference.slice(0, 3);
    const agent = await node.agent(
      name,
      ({ headers }) => ({ body: { content: `got ${headers.authorization ?? ''}` } }),
      { auth_token: reference },
    );
    const { body } = await node.http.call({ agent_name: name, prompt: 'hi' });
    expect(agent.requests[0]?.headers.authorization).toBe(`Bearer ${secret}`);
    expect(body.response).toBe('got Bearer [redacted]');
    const { agents } = (await node.http.get('/api/vps/agents')).body as { agents: Json[] };
    expect(agents.find((listed) => listed.name === name)).toMatchObject({
      has_auth_token: true,
      auth_token_reference: reference,
    });
    expect(JSON.stringify([body, agents])).not.toContain(secret);
  },
);

it('sends the new secret once the file holds another', async () => {
  await writeFile(join(folder, 'renewed'), secret);
  const agent = await node.agent('renewed', says('ok'), { auth_token: 'file:renewed' });
  await node.http.call({ agent_name: 'renewed', prompt: 'hi' });
  await writeFile(join(folder, 'renewed'), 'another-secret-0123456789');
  await node.http.call({ agent_name: 'renewed', prompt: 'hi' });
  expect(agent.requests.map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${secret}`,
    'Bearer another-secret-0123456789',
  ]);
});

it('fails a try as auth, with the reference, where the process lacks the secret, and falls back', async () => {
  await node.agent('fallback', says('from the fallback'));
  const agent = await node.agent('lacking', says('never'), {
    auth_token: 'env:HOLDFAST_SECRET_LACKING',
    fallback_agents: ['fallback'],
  });
  const { body } = await node.http.call({ agent_name: 'lacking', prompt: 'hi' });
  expect(body).toMatchObject({ success: true, response: 'from the fallback' });
  expect((body.attempts as Json[])[0]).toMatchObject({
    agent: 'lacking',
    error_type: 'auth',
    error: expect.stringContaining("'env:HOLDFAST_SECRET_LACKING'") as string,
  });
  expect(agent.requests).toHaveLength(0);
});

it('is kept with keep_auth_token, and replaced by a token', async () => {
  const register = (more: Json) =>
    node.http.post('/api/vps/register', { name: 'kept', host: '127.0.0.1', port: 9, ...more });
  const listed = async () =>
    ((await node.http.get('/api/vps/agents?id=kept')).body as { auth_token_reference: unknown })
      .auth_token_reference;
  await register({ auth_token: 'file:kept' });
  expect(await listed()).toBe('file:kept');
  await register({ keep_auth_token: true });
  expect(await listed()).toBe('file:kept');
  await register({ auth_token: 'a-token-itself' });
  expect(await listed()).toBeNull();
});

it.each([
  'env:HOLDFAST_ENCRYPTION_KEY',
  'env:PATH',
  'file:../x',
  'file:/etc/passwd',
  'env:',
  'ENV:HOLDFAST_SECRET_ONE',
  'File:one',
])('refuses the reference %s', async (auth_token) => {
  const wish = { name: 'wrong', host: '127.0.0.1', port: 9, auth_token };
  expectInvalid(await node.http.post('/api/vps/register', wish), 'auth_token');
});
