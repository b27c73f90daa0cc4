/**
 * A node in the test's own process, with its own Temporal server, data directory and free ports. With `npm run test:cluster`
 * it is two facades on the Temporal server of a cluster instead, with `npm run test:killed` facades come and are killed beside
 * it. Closing it replays the history of every workflow that the test made (I8).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startNode, type RunningNode } from '../../src/node/start-node.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/logging.ts';
import { clusterOfThisRun, startFacades } from '../on-cluster/start-facades.ts';
import { killsFacades, startWithKilledFacades } from '../on-killed-facades/start-with-killed-facades.ts';
import { HttpClient } from './http-client.ts';
import { replayAll } from './replay-all.ts';

export type Environment = Readonly<Record<string, string>>;

/** Settings of a test node: free ports, a folder of its own, no log. */
export async function testEnvironment(
  extra: Environment = {},
): Promise<Environment & { HOLDFAST_DATA_DIR: string }> {
  return {
    HOLDFAST_PORT: '0',
    HOLDFAST_TEMPORAL_PORT: '0',
    HOLDFAST_TEMPORAL_UI_PORT: '0',
    HOLDFAST_LOG_LEVEL: 'silent',
    HOLDFAST_DRAIN_SECONDS: '1',
    ...extra,
    HOLDFAST_DATA_DIR: extra['HOLDFAST_DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'holdfast-test-'))),
  };
}

export interface TestNode {
  /** The first facade, if there are several. */
  readonly node: RunningNode;
  readonly http: HttpClient;
  /** A client of the node's Temporal server. */
  readonly temporal: Client;
  readonly dataDir: string;
  close(): Promise<void>;
}

export async function startTestNode(extra: Environment = {}): Promise<TestNode> {
  const environment = await testEnvironment(extra);
  const cluster = clusterOfThisRun();
  if (cluster) return startFacades(cluster, environment);
  return killsFacades ? startWithKilledFacades(environment, startAlone) : startAlone(environment);
}

async function startAlone(environment: Environment & { HOLDFAST_DATA_DIR: string }): Promise<TestNode> {
  const config = loadConfig(environment);
  const node = await startNode(config, createLog(config.logLevel));
  const connection = await Connection.connect({
    address: node.temporalAddress,
    channelArgs: { 'grpc.max_receive_message_length': -1 }, // A long history is one message.
  });
  const temporal = new Client({ connection });
  const [key] = config.apiKeys;
  return {
    node,
    http: new HttpClient(node.url, key),
    temporal,
    dataDir: environment.HOLDFAST_DATA_DIR,
    async close() {
      await replayAll(temporal);
      await connection.close();
      await node.stop();
      await rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true });
    },
  };
}
