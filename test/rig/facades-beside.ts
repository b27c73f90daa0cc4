/**
 * A node in the test's own process, and facades beside it as processes of their own, on the same Temporal server and payload
 * store. A test can stop or kill such a facade, so that what it alone knows is lost.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startNodeProcess, type NodeProcess } from './node-process.ts';
import { startTestNode, testEnvironment, type Environment, type TestNode } from './test-node.ts';

export interface NodeWithFacades extends TestNode {
  /** The folder of the payload store that all of them share. */
  readonly store: string;
  /** Starts a facade without a worker, unless `extra` says otherwise. It is killed at the end of the test. */
  startFacade(extra?: Environment): Promise<NodeProcess>;
}

/** Settings in `extra` are those of the node and of its facades. */
export async function startNodeWithFacades(extra: Environment = {}): Promise<NodeWithFacades> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-shared-'));
  const store = join(folder, 'payloads');
  const shared = {
    HOLDFAST_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    HOLDFAST_PAYLOAD_STORE: store,
    ...extra,
  };
  const node = await startTestNode(shared);
  return {
    ...node,
    store,
    async startFacade(own = {}) {
      const environment = await testEnvironment({
        HOLDFAST_EMBEDDED_WORKER: 'off',
        ...shared,
        TEMPORAL_ADDRESS: node.node.temporalAddress,
        ...own,
      });
      onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
      return startNodeProcess(environment);
    },
    async close() {
      await node.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
