/** Nodes find each other, and one that would break the others does not start. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { readTerms, writeTerms } from '../../src/services/nodes/cluster-terms.ts';
import { Nodes } from '../../src/services/nodes/nodes.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';
import { joinCluster } from '../../src/membership/join-cluster.ts';
import { createMembership } from '../../src/membership/membership.ts';
import { createLog } from '../../src/platform/logging.ts';
import { readServerTime } from '../../src/platform/server-clock.ts';
import { StartupError } from '../../src/platform/startup-error.ts';
import type { StoreWatch } from '../../src/platform/store-watch.ts';
import { cardOf } from '../domain/node-support.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { ProductProcess, samePlace, startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import type { Environment } from '../rig/test-node.ts';
import { place } from './kill-support.ts';

const newKey = () => ({ HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64') });
const facadeScript = 'src/node/server.js';

const nodesOf = async (http: HttpClient) => (await http.get('/api/vps/nodes')).body.nodes as Json[];

/** What a process says that refuses to start. */
async function refusalOf(script: string, environment: Environment): Promise<string> {
  const started = new ProductProcess(script, environment);
  const exit = await started.exited;
  expect(exit, started.output).toEqual({ code: 1, signal: null });
  return started.output;
}

async function temporalAt(address: string) {
  const connection = await Connection.connect({ address, interceptors: [] });
  onTestFinished(() => connection.close());
  return { client: new Client({ connection }), namespace: 'default', taskQueue: 'holdfast' };
}

/** A server that lets its clients connect, and nothing else. */
async function startDenyingServer(): Promise<string> {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const connects = String(headers[':path']).endsWith('/GetSystemInfo');
    stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': connects ? '0' : '7' }));
    stream.end(connects ? Buffer.alloc(5) : undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a facade and workers are listed until their lease ends or they leave; wrong ones refuse to start, different settings are only logged', async () => {
  const shared = await clusterSettings();
  const alone = { ...shared, HOLDFAST_EMBEDDED_WORKER: 'off', HOLDFAST_LOG_LEVEL: 'info' };
  const facade = await startNodeProcess(await place(alone));
  expect(await nodesOf(facade.http)).toMatchObject([
    { role: 'facade', address: facade.url, version: '0.1.0', answers: true, differs_in: [] },
  ]);
  const beside = { ...shared, TEMPORAL_ADDRESS: facade.temporalAddress, HOLDFAST_LOG_LEVEL: 'info' };

  // The same store by another path.
  const environment = await place(beside);
  const link = join(environment.HOLDFAST_DATA_DIR, 'the-store');
  await symlink(shared.HOLDFAST_PAYLOAD_STORE, link);
  const worker = new ProductProcess('worker.js', { ...environment, HOLDFAST_PAYLOAD_STORE: link });
  await worker.printed(/Worker is ready/);
  const [here, there] = await nodesOf(facade.http);
  expect(there).toMatchObject({ role: 'worker', address: null, pid: worker.pid, differs_in: [] });
  expect([there?.key_fingerprint, there?.store_id]).toEqual([here?.key_fingerprint, here?.store_id]);
  worker.kill('SIGKILL');
  const killedAt = Date.now();

  const otherKey = await refusalOf('worker.js', await place({ ...beside, ...newKey() }));
  expect(otherKey).toMatch(/encryption key \(fingerprint \w{16}\) is not the cluster's/);
  expect(otherKey).not.toContain('Its payload store');
  const { HOLDFAST_PAYLOAD_STORE } = await clusterSettings();
  const bothOther = await refusalOf(
    facadeScript,
    await place({ ...beside, ...newKey(), HOLDFAST_PAYLOAD_STORE }),
  );
  expect(bothOther).toContain('Its encryption key');
  expect(bothOther).toMatch(
    /payload store \(id none yet, \/\S+\) is not the cluster's: .*HOLDFAST_PAYLOAD_STORE to .* store-id contains [\w-]{36}/,
  );
  expect(existsSync(join(HOLDFAST_PAYLOAD_STORE, '.holdfast-payloads'))).toBe(false);
  expect(bothOther).toContain(
    `Running nodes: facade on ${hostname()}, pid ${facade.process.pid}, ${facade.url} (0.1.0)`,
  );
  expect(bothOther).toContain('HOLDFAST_JOIN=force');

  const changing = await place({ ...beside, HOLDFAST_EMBEDDED_WORKER: 'off', HOLDFAST_MAX_CHAIN: '5' });
  const second = await startNodeProcess(changing);
  expect(second.process.output).toMatch(/Another node has different settings: HOLDFAST_MAX_CHAIN\./);
  await facade.process.printed(/Another node has different settings: HOLDFAST_MAX_CHAIN\./);
  // Those that were refused were never listed.
  expect(facade.process.output).not.toContain('stop one of the two');
  expect(await nodesOf(facade.http)).toContainEqual(
    expect.objectContaining({ address: second.url, differs_in: ['HOLDFAST_MAX_CHAIN'], answers: false }),
  );
  second.process.kill('SIGTERM');
  expect(await second.process.exited).toEqual({ code: 0, signal: null });
  const addresses = async () => (await nodesOf(facade.http)).map(({ address }) => address);
  expect(await addresses()).not.toContain(second.url);

  const pids = async () => (await nodesOf(facade.http)).map(({ pid }) => pid);
  await expect.poll(pids, { timeout: 60_000, interval: 500 }).not.toContain(worker.pid);
  expect(Date.now() - killedAt).toBeGreaterThan(19_000);
  expect(await addresses()).toEqual([facade.url]);
}, 120_000);

test('a key that was changed while no node ran is noticed; by force it is the key from then on, and the old one is refused', async () => {
  const environment = await place({ HOLDFAST_LOG_LEVEL: 'info' });
  const before = await startNodeProcess(environment);
  before.process.kill('SIGKILL');
  await before.process.exited;
  const [oldKey, key] = [samePlace(environment, before), { ...samePlace(environment, before), ...newKey() }];

  expect(await refusalOf(facadeScript, key)).toMatch(/Its encryption key [^]*No node is running/);
  const forced = await startNodeProcess({ ...key, HOLDFAST_JOIN: 'force' });
  expect(forced.process.output).toContain('HOLDFAST_JOIN=force: the cluster terms now match this node');
  expect(forced.process.output).toContain('HOLDFAST_JOIN=force is set');
  forced.process.kill('SIGTERM');
  await forced.process.exited;
  expect(await refusalOf(facadeScript, oldKey)).toContain('Its encryption key');
  const again = await startNodeProcess(key);
  expect(await nodesOf(again.http)).toMatchObject([{ role: 'facade_and_worker' }]);
}, 120_000);

test('if two first nodes with different keys start at once, one of them starts', async () => {
  const server = await startTemporalServer();
  const start = async () => {
    const environment = await place({ TEMPORAL_ADDRESS: server.address, HOLDFAST_EMBEDDED_WORKER: 'off' });
    const node = new ProductProcess(facadeScript, environment);
    return node.printed(/is ready/).then(
      () => 'ready',
      async () => (await node.exited).code,
    );
  };
  expect((await Promise.all([start(), start()])).map(String).sort()).toEqual(['1', 'ready']);
}, 60_000);

/** Of one process of this generation, which has joined or not. */
function nodeOf(temporal: Temporal, id: string, generation: number) {
  const nodes = new Nodes(temporal, cardOf({ id, generation }), () => Date.now());
  const join = () =>
    joinCluster(temporal, nodes, {
      storeId: 'store',
      storePlace: '/store',
      force: false,
      log: createLog('silent'),
    });
  return { nodes, join };
}

test('a node of an older generation is refused; one of a newer raises it once no older node runs', async () => {
  const temporal = await temporalAt((await startTemporalServer()).address);
  const termsNow = () => readTerms(temporal);
  const first = nodeOf(temporal, 'first', 1);
  await first.join();
  expect(await termsNow()).toMatchObject({ generation: 1 });
  const older = /Nodes of generation 1 are running, .*: stop them first/;
  await expect(nodeOf(temporal, 'newer', 2).join()).rejects.toThrow(older);
  await first.nodes.leave();

  // As where Temporal has just started, and an older node renews its lease a little later.
  const early = nodeOf(temporal, 'early', 2);
  const refused = expect(early.join()).rejects.toThrow(older);
  const late = nodeOf(temporal, 'late', 1);
  const seen = async () => (await late.nodes.look()).map(({ id }) => id);
  await expect.poll(seen, { timeout: 10_000, interval: 50 }).toContain('early');
  await late.nodes.renew();
  await refused;
  expect(await termsNow()).toMatchObject({ generation: 1 });
  await late.nodes.leave();

  const raising = nodeOf(temporal, 'raising', 2).join();
  await expect.poll(seen, { timeout: 10_000, interval: 50 }).toContain('raising');
  const beside = (await nodeOf(temporal, 'beside', 1)
    .join()
    .catch((error: unknown) => error)) as Error;
  expect(beside).toBeInstanceOf(StartupError);
  expect(beside.message).toContain('cannot read what nodes of generation 2 write');
  expect(beside.message).not.toContain('HOLDFAST_JOIN=force');
  await raising;
  expect(await termsNow()).toMatchObject({ generation: 2 });
  await expect(nodeOf(temporal, 'after', 1).join()).rejects.toThrow('what nodes of generation 2 write');
}, 90_000);

test('a running node ends if a newer generation that did not see it has raised the cluster terms', async () => {
  const server = await startTemporalServer();
  const temporal = await temporalAt(server.address);
  const environment = await place({
    TEMPORAL_ADDRESS: server.address,
    HOLDFAST_EMBEDDED_WORKER: 'off',
    HOLDFAST_LOG_LEVEL: 'info',
  });
  const running = await startNodeProcess(environment);
  const terms = await readTerms(temporal);
  if (!terms) throw new Error('The first node wrote no terms');
  const raised = { ...terms, generation: terms.generation + 1 };
  const newer = new Nodes(temporal, cardOf({ id: 'newer', ...raised }), () => Date.now());
  await newer.renew();
  await running.process.printed(/A node of another generation runs/);
  expect((await running.http.get('/healthz')).status).toBe(200); // It may be just about to be refused.
  await writeTerms(temporal, raised, { replace: true });
  await newer.renew();
  expect(await running.process.exited).toEqual({ code: 1, signal: null });
  expect(running.process.output).toMatch(/cannot go on: /);
  expect(running.process.output).toContain(`cannot read what nodes of generation ${raised.generation} write`);
}, 90_000);

test("leases are measured by the clock that dated them, whatever the machine's clock says", async () => {
  const temporal = await temporalAt((await startTemporalServer()).address);
  const here = new Nodes(temporal, cardOf({ id: 'here' }), () => Date.now() + 3_600_000);
  const there = new Nodes(temporal, cardOf({ id: 'there' }), () => Date.now() - 3_600_000);
  await there.renew();
  const ids = async (nodes: Nodes) => (await nodes.renew()).map(({ id }) => id);
  expect(await ids(here)).toEqual(['here', 'there']);
  expect(await ids(there)).toEqual(['here', 'there']);
  expect((await here.look()).map(({ id }) => id)).toEqual(['here', 'there']);
}, 60_000);

test('a node that cannot read who runs joins a cluster of its generation, and does not raise the terms; one that cannot write the terms leaves', async () => {
  const temporal = await temporalAt((await startTemporalServer()).address);
  const away = {
    ...temporal,
    client: new Client({ connection: Connection.lazy({ address: '127.0.0.1:9', interceptors: [] }) }),
  };
  const join = (generation: number) => {
    const nodes = new Nodes(away, cardOf({ generation }), () => Date.now());
    return joinCluster(temporal, nodes, {
      storeId: 'store',
      storePlace: '/store',
      force: false,
      log: createLog('silent'),
    });
  };
  await join(1);
  const raising = join(2);
  await expect(raising).rejects.toThrow(StartupError);
  await expect(raising).rejects.toThrow(/did not list the running nodes/);
  expect(await readTerms(temporal)).toMatchObject({ generation: 1 });

  const nodes = new Nodes(temporal, cardOf({ id: 'forced' }), () => Date.now());
  const log = createLog('silent');
  const store = { storeId: "another than the cluster's" } as unknown as StoreWatch;
  const noQueue = { ...temporal, taskQueue: '' };
  await expect(
    createMembership(noQueue, nodes, store, { force: true, storePlace: '/store', log }).join(),
  ).rejects.toThrow();
  const other = new Nodes(temporal, cardOf({ id: 'other' }), () => Date.now());
  expect((await other.renew()).map(({ id }) => id)).toEqual(['other']);
}, 60_000);

test('unreadable terms and missing permissions are reported with what to do', async () => {
  const temporal = await temporalAt((await startTemporalServer()).address);
  const { client, taskQueue } = temporal;
  await client.workflow.start('clusterTerms', {
    workflowId: 'cluster-terms',
    taskQueue,
    memo: { terms: 'none' },
  });
  await expect(nodeOf(temporal, 'one', 1).join()).rejects.toThrow(
    /without terms in its memo: terminate it \(temporal workflow terminate/,
  );

  const denying = await temporalAt(await startDenyingServer());
  const denied = nodeOf(denying, 'one', 1).join();
  await expect(denied).rejects.toThrow(StartupError);
  await expect(denied).rejects.toThrow(/need DescribeWorkflowExecution, .*PollWorkflowTaskQueue/);
}, 60_000);

test('Temporal tells its time to every node that asks, however many ask at once', async () => {
  const { address } = await startTemporalServer();
  const connection = await Connection.connect({ address, interceptors: [] });
  onTestFinished(() => connection.close());
  const times = await Promise.all(Array.from({ length: 12 }, () => readServerTime(connection, 'default')));
  for (const time of times) expect(time?.at).toBeGreaterThan(Date.now() - 60_000);
}, 60_000);
