/**
 * Starts what `npm run test:cluster` uses instead of one node: two facades on the full Temporal server and PostgreSQL, in a
 * namespace of the test's own. The first facade has a worker, the second has none. Requests alternate between them.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { prepareNamespace } from '../../cluster/prepare-namespace.ts';
import { startNode, type RunningNode } from '../../src/node/start-node.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/logging.ts';
import { replayAll } from '../rig/replay-all.ts';
import type { Environment, TestNode } from '../rig/test-node.ts';
import { RotatingClient } from './rotating-client.ts';

export interface ClusterOfThisRun {
  readonly temporalAddress: string;
  /** Where each test leaves its count of reads. */
  readonly countsFile: string;
}

/** Whether requests go to several processes. Then tests of what one process keeps to itself are skipped. */
export const onCluster = process.env['TEST_CLUSTER_ADDRESS'] !== undefined;

/** Undefined if each test runs on a node of its own. */
export function clusterOfThisRun(): ClusterOfThisRun | undefined {
  const { TEST_CLUSTER_ADDRESS: temporalAddress, TEST_CLUSTER_COUNTS: countsFile } = process.env;
  return temporalAddress !== undefined && countsFile !== undefined
    ? { temporalAddress, countsFile }
    : undefined;
}

export async function startFacades(
  { temporalAddress, countsFile }: ClusterOfThisRun,
  environment: Environment & { readonly HOLDFAST_DATA_DIR: string },
): Promise<TestNode> {
  const { HOLDFAST_DATA_DIR: dataDir } = environment;
  const namespace = `test-${randomUUID()}`;
  await prepareNamespace(temporalAddress, namespace);
  Object.assign(process.env, { TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace });
  const shared = {
    HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    HOLDFAST_PAYLOAD_STORE: join(dataDir, 'payloads'),
    ...environment,
  };
  const start = (name: string, own: Environment = {}): Promise<RunningNode> => {
    const config = loadConfig({ ...shared, ...own, HOLDFAST_DATA_DIR: join(dataDir, name) });
    return startNode(config, createLog(config.logLevel));
  };
  const first = await start('with-worker');
  const second = await start('without-worker', { HOLDFAST_EMBEDDED_WORKER: 'off' });
  const connection = await Connection.connect({
    address: temporalAddress,
    channelArgs: { 'grpc.max_receive_message_length': -1 }, // Long histories come in one message.
  });
  const temporal = new Client({ connection, namespace });
  const [key] = loadConfig(shared).apiKeys;
  const http = new RotatingClient([first.url, second.url], key);
  return {
    node: first,
    http,
    temporal,
    dataDir,
    async close() {
      await appendFile(countsFile, `${http.counts.reads} ${http.counts.crossed}\n`);
      await replayAll(temporal);
      await connection.close();
      await second.stop();
      await first.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
