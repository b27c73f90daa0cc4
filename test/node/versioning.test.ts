/** Upgrades with HOLDFAST_BUILD_ID: workers of two versions side by side, each ending the calls that it began (ADR 0012). */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { expect, onTestFinished, test } from 'vitest';
import { packageRoot, versionedWorkflowBundlePath } from '../../src/platform/paths.ts';
import { startAgent } from '../agents/scripted-agent.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { ProductProcess, samePlace, startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

const { EVENT_TYPE_TIMER_STARTED } = proto.temporal.api.enums.v1.EventType;

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function place(extra: Environment = {}) {
  const environment = await testEnvironment(extra);
  onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
  return environment;
}

/** A build whose calls begin with a timer: none of them could go on with today's code, nor the other way round. */
async function otherBuild(): Promise<string> {
  const folder = await temporaryFolder();
  await cp(join(packageRoot, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(packageRoot, 'package.json'), join(folder, 'package.json'));
  await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
  const bundle = join(folder, 'dist', 'versioned-workflow-bundle.js');
  const code = await readFile(bundle, 'utf8');
  const doctored = code.replace(
    /(async function agentCall\(input\) \{\s*)(const startedAt = \(0,\s*(\w+)\.workflowInfo\))/,
    '$1await (0,$3.sleep)(1); $2',
  );
  expect(doctored).not.toBe(code);
  await writeFile(bundle, doctored);
  return folder;
}

/** Answers each prompt once `open` was called. */
async function gatedAgent() {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const agent = await startAgent(async ({ body }) => {
    await gate;
    const { messages } = body as { messages: { content: string }[] };
    return { body: { content: `re: ${messages.at(-1)?.content ?? ''}` } };
  });
  onTestFinished(() => agent.close());
  return { agent, open: () => open() };
}

async function connectTo(node: NodeProcess): Promise<Client> {
  const connection = await Connection.connect({ address: node.temporalAddress });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

async function versionOf(client: Client, workflowId: string): Promise<string | null | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

async function promote(node: NodeProcess, ...words: string[]) {
  const environment = await place({ TEMPORAL_ADDRESS: node.temporalAddress });
  const command = new ProductProcess('src/node/promote.js', environment, [], words);
  const { code } = await command.exited;
  return { code, output: command.output };
}

const startAsync = async (http: HttpClient, body: Json): Promise<string> => {
  const answer = await http.call(body, { Prefer: 'respond-async' });
  expect(answer.status).toBe(202);
  return String(answer.body.call_id);
};

test('workers of the old and the new version end the calls of both; the session and the other entities move to the new one', async () => {
  const shared = await clusterSettings();
  const facade = await startNodeProcess(await place({ ...shared, HOLDFAST_EMBEDDED_WORKER: 'off' }));
  const client = await connectTo(facade);
  const startWorker = async (script: string, buildId: string): Promise<ProductProcess> => {
    const settings = { ...shared, HOLDFAST_BUILD_ID: buildId, HOLDFAST_LOG_LEVEL: 'info' };
    const environment = await place({ ...settings, TEMPORAL_ADDRESS: facade.temporalAddress });
    const worker = new ProductProcess(script, environment);
    await worker.printed(/Worker is ready/);
    return worker;
  };
  const before = await startWorker(join(await otherBuild(), 'dist', 'worker.js'), 'n-1');
  expect(before.output).toMatch(/No version was current: this one is now/);
  const { agent, open } = await gatedAgent();
  await facade.http.register('gated', agent.port, { timeout_seconds: 300 });
  const start = (prompt: string, more: Json = {}) =>
    startAsync(facade.http, { agent_name: 'gated', prompt, ...more });
  const session = { session_id: 'shared' };
  const older = [await start('alone'), await start('turn 1', session), await start('turn 2', session)];
  await agent.waitForRequests(2); // The second turn waits for the first.

  const now = await startWorker('worker.js', 'n');
  expect(now.output).toMatch(/Version n-1 is current.*npm run promote -- n"/);
  expect((await promote(facade, 'n')).output).toMatch(/ n +│ yes [^]* n-1 +│ no /);
  const newer = [await start('alone too'), await start('turn 3', session)];
  await agent.waitForRequests(3);
  open();
  const waited = [...older, ...newer].map((id) => client.workflow.getHandle(`call-${id}`).result());
  await Promise.all(waited);

  for (const id of older) expect(await versionOf(client, `call-${id}`)).toBe('n-1');
  for (const id of newer) expect(await versionOf(client, `call-${id}`)).toBe('n');
  await expect.poll(() => versionOf(client, 'session-shared')).toBe('n');
  await expect.poll(() => versionOf(client, 'agent-health')).toBe('n');
  await facade.http.register('another', agent.port);
  expect(await versionOf(client, 'agent-directory')).toBe('n');
  await expectUnableToSwap(client, older[0], newer[0]);

  before.kill('SIGTERM');
  expect((await before.exited).code).toBe(0);
  const last = await facade.http.call({ agent_name: 'another', prompt: 'turn 4', ...session });
  expect(last.body).toMatchObject({ success: true, response: 're: turn 4', session_stored: true });
  const { messages } = (await facade.http.get('/api/vps/sessions/shared')).body as { messages: Json[] };
  expect(messages.map(({ content }) => content)).toEqual(
    [1, 2, 3, 4].flatMap((turn) => [`turn ${turn}`, `re: turn ${turn}`]),
  );
  await facade.http.post('/api/vps/keys', { name: 'first', scopes: ['admin'] });
  expect(await versionOf(client, 'access-directory')).toBe('n');
}, 120_000);

/** The two builds differ for real: each one's calls are made of other steps. */
async function expectUnableToSwap(client: Client, older = '', newer = ''): Promise<void> {
  const replay = async (id: string): Promise<void> => {
    const history = await client.workflow.getHandle(`call-${id}`).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: { codePath: versionedWorkflowBundlePath } }, history);
  };
  await replay(newer);
  await expect(replay(older)).rejects.toThrow(/nondeterminism/i);
  const { events } = await client.workflow.getHandle(`call-${older}`).fetchHistory();
  expect(events?.map((event) => event.eventType)).toContain(EVENT_TYPE_TIMER_STARTED);
}

test('the first version of a node takes over from unversioned workers by itself, the next one once it is promoted', async () => {
  const environment = await place({ HOLDFAST_LOG_LEVEL: 'info' });
  const plain = await startNodeProcess(environment);
  const { agent, open } = await gatedAgent();
  await plain.http.register('quick', agent.port, { max_retries: 0 });
  const running = await startAsync(plain.http, { agent_name: 'quick', prompt: 'before' });
  await agent.waitForRequests(1);
  plain.process.kill('SIGTERM');
  await plain.process.exited;

  const again = samePlace(environment, plain);
  const first = await startNodeProcess({ ...again, HOLDFAST_BUILD_ID: 'first' });
  open();
  expect(await (await connectTo(first)).workflow.getHandle(`call-${running}`).result()).toMatchObject({
    response: 're: before',
  });
  const { body } = await first.http.call({ agent_name: 'quick', prompt: 'hello' });
  expect(body).toMatchObject({ success: true });
  const { events } = await (
    await connectTo(first)
  ).workflow
    .getHandle(`call-${String(body.call_id)}`)
    .fetchHistory();
  expect(events).toHaveLength(6); // As without versions, and begun eagerly.
  expect(events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted).toBe(true);
  first.process.kill('SIGTERM');
  await first.process.exited;

  const second = await startNodeProcess({ ...again, HOLDFAST_BUILD_ID: 'second' });
  expect(second.process.output).toMatch(/Version first is current.*npm run promote -- second"/);
  const unready = await second.http.get('/readyz');
  expect(unready.status).toBe(503);
  expect(unready.body.detail).toMatch(/no worker of version first polls.*npm run promote/);
  expect(await promote(second, 'second')).toMatchObject({ code: 0 });
  await expect.poll(async () => (await second.http.get('/readyz')).status).toBe(200);
  expect((await second.http.call({ agent_name: 'quick', prompt: 'again' })).body.success).toBe(true);
  second.process.kill('SIGTERM');
  await second.process.exited;

  const without = await startNodeProcess(again);
  expect(without.process.output).toMatch(/no HOLDFAST_BUILD_ID.*npm run promote -- --unversioned/);
  expect((await without.http.get('/readyz')).status).toBe(503);
  expect((await promote(without, '--unversioned')).output).toMatch(
    /New calls go to workers without a version/,
  );
  await expect.poll(async () => (await without.http.get('/readyz')).status).toBe(200);
  expect((await without.http.call({ agent_name: 'quick', prompt: 'plain' })).body.success).toBe(true);
}, 120_000);

test('promote explains its usage, and refuses a version that no worker has polled for', async () => {
  const node = await startNodeProcess(await place());
  expect(await promote(node, '--help')).toMatchObject({
    code: 0,
    output: expect.stringMatching(/npm run promote -- BUILD_ID/) as string,
  });
  expect((await promote(node)).output).toMatch(/No worker of holdfast has a HOLDFAST_BUILD_ID/);
  for (const words of [['unheard-of'], ['one', 'two'], ['--nonsense']]) {
    const { code, output } = await promote(node, ...words);
    expect(code).toBe(1);
    expect(output).toMatch(/cannot become current: .*with name|One version at a time|nonsense/);
    expect(output).not.toMatch(/^\s+at /m);
  }
}, 60_000);
