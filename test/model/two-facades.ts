/**
 * The gateway of the model test: two facades, so that each request may go to one that knows less than the one before, and more
 * that can be killed.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startNode } from '../../src/node/start-node.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createLog } from '../../src/platform/logging.ts';
import { RotatingClient } from '../on-cluster/rotating-client.ts';
import { onCluster } from '../on-cluster/start-facades.ts';
import type { HttpClient } from '../rig/http-client.ts';
import { startNodeProcess, type NodeProcess } from '../rig/node-process.ts';
import { startTestNode, testEnvironment, type Environment } from '../rig/test-node.ts';

export interface TwoFacades {
  readonly http: HttpClient;
  /** Starts one more facade, as a process of its own. Undefined on a cluster. Call it within the test. */
  readonly startMortal: (() => Promise<NodeProcess>) | undefined;
  close(): Promise<void>;
}

export async function startTwoFacades(settings: Environment): Promise<TwoFacades> {
  if (onCluster) {
    const cluster = await startTestNode(settings);
    return { http: cluster.http, startMortal: undefined, close: () => cluster.close() };
  }
  const { HOLDFAST_DATA_DIR: folder } = await testEnvironment();
  const shared = {
    ...settings,
    HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    HOLDFAST_PAYLOAD_STORE: join(folder, 'payloads'),
  };
  const first = await startTestNode(shared);
  const ofFacade = await testEnvironment({
    ...shared,
    HOLDFAST_EMBEDDED_WORKER: 'off',
    HOLDFAST_DATA_DIR: join(folder, 'facade'),
  });
  const server = { TEMPORAL_ADDRESS: first.node.temporalAddress };
  Object.assign(process.env, server); // The connection is configured there.
  const second = await startNode(loadConfig(ofFacade), createLog('silent'));
  return {
    http: new RotatingClient([first.node.url, second.url]),
    startMortal: () =>
      startNodeProcess({ ...ofFacade, ...server, HOLDFAST_DATA_DIR: join(folder, 'mortal') }),
    async close() {
      delete process.env['TEMPORAL_ADDRESS'];
      await second.stop();
      await first.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
