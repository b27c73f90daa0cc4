/**
 * Manages the membership of this process in its cluster: joins, renews the lease, and compares this node with other nodes (ADR
 * 0033).
 */
import { readTerms } from '../services/nodes/cluster-terms.ts';
import type { Nodes } from '../services/nodes/nodes.ts';
import type { Temporal } from '../services/temporal/rpc.ts';
import { breachesOf } from '../domain/cluster-terms.ts';
import { renewMs } from '../domain/running-nodes.ts';
import { every } from '../lib/every.ts';
import type { Log } from '../platform/logging.ts';
import { StartupError } from '../platform/startup-error.ts';
import type { StoreWatch } from '../platform/store-watch.ts';
import { joinCluster } from './join-cluster.ts';
import { refusal } from './refusal.ts';
import { logDifferences } from './log-differences.ts';

export type Membership = ReturnType<typeof createMembership>;

/** Creates the membership. `storeWatch` knows the payload store's id; `force` is whether HOLDFAST_JOIN=force is set. */
export function createMembership(
  temporal: Temporal,
  nodes: Nodes,
  storeWatch: StoreWatch,
  { force, storePlace, log }: { force: boolean; storePlace: string; log: Log },
) {
  const compare = logDifferences(log);
  /** Ends the lease at once. If Temporal does not answer, the lease expires. */
  const leave = (): Promise<void> => nodes.leave().catch(() => undefined);
  const notRenewed = (error: unknown): void => {
    log.warn(
      { err: error },
      'This node could not renew its lease in the registry of nodes; it tries again in 10 s',
    );
  };
  const termsNotRead = (error: unknown): void => {
    log.warn(
      { err: error },
      'A node of a newer generation is running, and this node could not read whether the cluster has moved to that generation; it tries again in 10 s',
    );
  };
  let refuse: (reason: string) => void = () => undefined;
  const refused = new Promise<string>((resolve) => (refuse = resolve));
  const join = (): Promise<void> =>
    joinCluster(temporal, nodes, { storeId: storeWatch.storeId, storePlace, force, log });
  const joinWithStore = async (): Promise<void> => {
    try {
      await join();
    } catch (error) {
      if (error instanceof StartupError) refuse(error.message);
      throw error;
    }
  };
  /**
   * Makes this node end, even if it was started by force, once the cluster terms are of a newer generation. A newer node in the
   * list alone does not prove that they are: that node may be about to be refused, or this node was started by force after it.
   */
  const endIfOlder = async (): Promise<void> => {
    const { self } = nodes;
    const others = nodes.list().filter(({ id }) => id !== self.id);
    if (!others.some(({ generation }) => generation > self.generation)) return;
    const terms = await readTerms(temporal);
    if (terms && breachesOf(terms, self, []).includes('older'))
      refuse(refusal(['older'], terms, self, others, { namespace: temporal.namespace, storePlace }));
  };
  const renewLease = async (): Promise<void> => {
    compare(nodes.self, await nodes.renew());
    await endIfOlder().catch(termsNotRead);
  };
  return {
    /**
     * Joins the cluster. Call it before the node takes its first call or task. Throws `StartupError` if the node may not be
     * part of the cluster.
     */
    async join(): Promise<void> {
      try {
        await join();
      } catch (error) {
        await leave(); // Whatever the error is: this process ends, and may be listed by now.
        throw error;
      }
      compare(nodes.self, nodes.list());
    },
    /**
     * Resolves with the reason why this node must end: a newer generation has raised the cluster terms, or its payload store,
     * which could not be reached at the start, is not the cluster's.
     */
    refused,
    /** Publishes the node's address. If that fails, the next renewal of the lease publishes it. */
    async listensAt(address: string): Promise<void> {
      nodes.amend({ address });
      await renewLease().catch(notRenewed);
    },
    /** Renews the lease now. Call it after an outage of Temporal, which afterwards no longer lists earlier pollers. */
    renewNow: (): void => void renewLease().catch(notRenewed),
    /** Starts the renewals. Returns a function that stops them. */
    start(): () => Promise<void> {
      const stops = [every(renewMs, renewLease, notRenewed), storeWatch.start(joinWithStore)];
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
    leave,
  };
}
