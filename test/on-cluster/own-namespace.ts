/** The Temporal server of tests that start nodes as processes and run on a server of their own or on the cluster. */
import { randomUUID } from 'node:crypto';
import { prepareNamespace } from '../../cluster/prepare-namespace.ts';
import { startTemporalServer } from '../rig/server-process.ts';
import type { Environment } from '../rig/test-node.ts';
import { clusterOfThisRun } from './start-facades.ts';

export interface OwnNamespace {
  /** The settings by which nodes find it. */
  readonly settings: Environment;
  /**
   * Kills the server with SIGKILL and starts it again. Does nothing on a cluster, whose server other tests use at the same time:
   * the chaos suite kills it there.
   */
  killServer(): Promise<void>;
  startServer(): Promise<void>;
}

export async function startOwnNamespace(): Promise<OwnNamespace> {
  const cluster = clusterOfThisRun();
  if (cluster) {
    const namespace = `test-${randomUUID()}`;
    await prepareNamespace(cluster.temporalAddress, namespace);
    const settings = { TEMPORAL_ADDRESS: cluster.temporalAddress, TEMPORAL_NAMESPACE: namespace };
    const nothing = (): Promise<void> => Promise.resolve();
    return { settings, killServer: nothing, startServer: nothing };
  }
  const server = await startTemporalServer();
  return {
    settings: { TEMPORAL_ADDRESS: server.address },
    killServer: () => server.kill(),
    startServer: () => server.start(),
  };
}
