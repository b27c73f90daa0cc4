/** Nodes find each other, and one that would break the others does not start. */
import { randomBytes } from 'node:crypto';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { writeTerms } from '../../src/client/cluster-terms.ts';
import { Nodes } from '../../src/client/nodes.ts';
import type { ClusterTerms } from '../../src/domain/cluster-terms.ts';
import { cardOf } from '../domain/node-support.ts';
import { clusterSettings } from '../rig/cluster-settings.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import { ProductProcess, samePlace, startNodeProcess } from '../rig/node-process.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import type { Environment } from '../rig/test-node.ts';
import { place } from './kill-support.ts';

const newKey = () => ({ HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64') });
const facadeScript = 'src/api/server.js';

const nodesOf = async (http: HttpClient) => (await http.get('/api/vps/nodes')).body.nodes as Json[];

/** What a process says that refuses to start. */
async function refusalOf(script: string, environment: Environment): Promise<string> {
  const started = new ProductProcess(script, environment);
  const exit = await started.exited;
  expect(exit, started.output).toEqual({ code: 1, signal: null });
  return started.output;
}

async function temporalAt(address: string) {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return { client: new Client({ connection }), namespace: 'default', taskQueue: 'holdfast' };
}

test('a facade and workers are listed until their lease ends or they leave; wrong ones refuse to start, other settings are only told', async () => {
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
  expect(otherKey).toMatch(/encryption key \(fingerprint \w{16}\) is not the one/);
  expect(otherKey).not.toContain('Its payload store');
  const { HOLDFAST_PAYLOAD_STORE } = await clusterSettings();
  const bothOther = await refusalOf(
    facadeScript,
    await place({ ...beside, ...newKey(), HOLDFAST_PAYLOAD_STORE }),
  );
  expect(bothOther).toContain('Its encryption key');
  expect(bothOther).toMatch(/payload store \(id [\w-]{36}\) is not the one .*set HOLDFAST_PAYLOAD_STORE/);
  expect(bothOther).toContain(`Nodes that run: facade ${facade.url} (0.1.0)`);
  expect(bothOther).toContain('HOLDFAST_JOIN=force');

  const changing = await place({ ...beside, HOLDFAST_EMBEDDED_WORKER: 'off', HOLDFAST_MAX_CHAIN: '5' });
  const second = await startNodeProcess(changing);
  expect(second.process.output).toMatch(/Another node has other settings: HOLDFAST_MAX_CHAIN\./);
  await facade.process.printed(/Another node has other settings: HOLDFAST_MAX_CHAIN\./);
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

  expect(await refusalOf(facadeScript, key)).toMatch(/Its encryption key [^]*No node runs now/);
  const forced = await startNodeProcess({ ...key, HOLDFAST_JOIN: 'force' });
  expect(forced.process.output).toContain('HOLDFAST_JOIN=force: the cluster has what this node has');
  forced.process.kill('SIGTERM');
  await forced.process.exited;
  expect(await refusalOf(facadeScript, oldKey)).toContain('Its encryption key');
  const again = await startNodeProcess(key);
  expect(await nodesOf(again.http)).toMatchObject([{ role: 'facade_and_worker' }]);
}, 120_000);

test('of two first nodes that come at once with keys of their own one starts', async () => {
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

test('a node of an older generation is refused; one of a newer raises it once no older node runs', async () => {
  const server = await startTemporalServer();
  const temporal = await temporalAt(server.address);
  const shared = await clusterSettings();
  const environment = await place({
    ...shared,
    TEMPORAL_ADDRESS: server.address,
    HOLDFAST_EMBEDDED_WORKER: 'off',
  });
  const first = await startNodeProcess(environment);
  first.process.kill('SIGTERM');
  await first.process.exited;
  const termsNow = async () =>
    (await temporal.client.workflow.getHandle('cluster-terms').describe()).memo?.['terms'] as ClusterTerms;
  const terms = await termsNow();
  expect(terms.generation).toBe(1);

  await writeTerms(temporal, { ...terms, generation: 2 }, { replace: true });
  expect(await refusalOf(facadeScript, environment)).toContain(
    'cannot read what nodes of generation 2 write',
  );

  await writeTerms(temporal, { ...terms, generation: 0 }, { replace: true });
  const older = new Nodes(temporal, cardOf({ generation: 0, startedAt: Date.now() }), () => Date.now());
  await older.renew();
  expect(await refusalOf(facadeScript, environment)).toMatch(
    /Nodes of generation 0 run, .*: stop them first/,
  );
  await older.leave();
  const newer = await startNodeProcess(environment);
  expect(await termsNow()).toEqual(terms);
  expect(await nodesOf(newer.http)).toHaveLength(1);
}, 90_000);
