/** A canary for a token, hunted in every place where it could have been left (I5). */
import { once } from 'node:events';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '../../src/temporal-sdk/history-json.ts';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent, type Script } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';

const token = 'canary-token-3f9a81c6e2';
const apiKey = 'canary-api-key-7d20b4f155';
const spellings = [token, apiKey].flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
  Buffer.from(secret).toString('hex'),
]);

/** Agents that answer, fail in every way, and give the token away wherever they can. */
const scripts: Record<string, Script> = {
  answering: ({ headers }) => ({ body: { content: `you sent ${headers.authorization ?? ''}` } }),
  blaming: ({ headers }) => ({
    status: 401,
    body: { error: { message: `bad key ${headers.authorization ?? ''}` } },
  }),
  failing: ({ headers }) => ({ status: 500, body: `<p>${headers.authorization ?? ''}</p>` }),
  limiting: ({ headers }) => ({ status: 429, headers: { 'X-Echo': headers.authorization ?? '' } }),
  garbling: ({ headers }) => ({ body: `${headers.authorization ?? ''} is no JSON` }),
  erring: ({ headers }) => ({ body: { error: headers.authorization, content: 'x' } }),
  resetting: () => ({ reset: true }),
  hanging: () => ({ hang: true }),
};

test('no token and no API key is in a history, the database, a log, a metric or an answer', async () => {
  const environment = await testEnvironment({ HOLDFAST_LOG_LEVEL: 'trace', HOLDFAST_API_KEYS: apiKey });
  const { HOLDFAST_DATA_DIR: dataDir } = environment;
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const node = await startNodeProcess(environment);
  const told: string[] = [];
  const tell = (answer: unknown): void => {
    told.push(JSON.stringify(answer));
  };
  for (const [name, script] of Object.entries(scripts)) {
    const agent = await startAgent(script);
    onTestFinished(() => agent.close());
    const config = { timeout_seconds: 0.5, max_retries: 1, auth_token: token };
    await node.http.register(name, agent.port, { ...config, fallback_agents: ['answering'] });
    tell(await node.http.call({ agent_name: name, prompt: 'hello', session_id: 'canary' }));
    expect(agent.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  }
  const paths = [
    'agents',
    'health',
    'calls',
    'sessions',
    'status',
    'sessions/canary',
    'sessions/export',
    'health/blaming',
  ];
  for (const path of paths) tell(await node.http.get(`/api/vps/${path}`));
  tell(await node.http.get('/metrics'));
  // Put there by mistake: the log is no place for it, whatever the answer is.
  for (const query of [`api_key=${apiKey}&limit=5`, apiKey, `${apiKey}==`, `=${apiKey}`])
    for (const path of ['/api/vps/calls', '/healthz', '/nothing', '/'])
      await node.http.get(`${path}?${query}`);
  await requestTarget(node.http.url, `http://user:${apiKey}@127.0.0.1/api/vps/calls`);
  tell(await node.http.get('/api/vps/agents', { Authorization: `Bearer ${apiKey}x` }));
  tell(
    await node.http.post('/api/vps/register', { name: 'x', host: 'h', port: 1, auth_token: `${token} x` }),
  );
  const { calls } = (await node.http.get('/api/vps/calls')).body as { calls: Json[] };
  for (const { call_id } of calls) tell(await node.http.get(`/api/vps/calls/${String(call_id)}/history`));

  const client = new Client({ connection: await Connection.connect({ address: node.temporalAddress }) });
  let histories = 0;
  for await (const { workflowId, runId } of client.workflow.list()) {
    told.push(historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory()));
    histories += 1;
  }
  await client.connection.close();
  expect(histories).toBeGreaterThanOrEqual(Object.keys(scripts).length);
  node.process.kill('SIGTERM');
  expect(await node.process.exited).toEqual({ code: 0, signal: null });

  expect(node.process.output).toContain('/api/vps/call');
  expect(node.process.output).toContain('"url":"/api/vps/calls","query":["api_key","limit"]');
  expectNoSecret('the log', node.process.output);
  for (const text of told) expectNoSecret('an answer or a history', text);
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    expectNoSecret(entry.name, bytes.toString('latin1'));
  }
  expect((await stat(join(dataDir, 'encryption.key'))).mode & 0o777).toBe(0o600);
}, 90_000);

function expectNoSecret(where: string, text: string): void {
  for (const spelling of spellings)
    if (text.includes(spelling)) {
      const at = text.indexOf(spelling);
      throw new Error(`${where} holds ${spelling}: ${text.slice(Math.max(0, at - 200), at + 100)}`);
    }
}

/** A request whose target is a whole URL, as proxies send it. */
async function requestTarget(url: string, path: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const [response] = (await once(request({ hostname, port, path }).end(), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
}
