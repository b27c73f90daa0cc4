/** This process as one of its cluster's nodes: it joins, keeps its lease, and looks who its neighbours are (ADR 0033). */
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
import { tellNeighbours } from './tell-neighbours.ts';

export type Membership = ReturnType<typeof createMembership>;

export function createMembership(
  temporal: Temporal,
  nodes: Nodes,
  storeWatch: StoreWatch,
  { force, log }: { force: boolean; log: Log },
) {
  const tell = tellNeighbours(log);
  const notRenewed = (error: unknown): void => {
    log.warn({ err: error }, 'The lease of this node was not renewed; it is tried again');
  };
  let refuse: (reason: string) => void = () => undefined;
  const refused = new Promise<string>((resolve) => (refuse = resolve));
  const join = (): Promise<void> => joinCluster(temporal, nodes, { storeId: storeWatch.storeId, force, log });
  const joinWithStore = async (): Promise<void> => {
    try {
      await join();
    } catch (error) {
      if (error instanceof StartupError) refuse(error.message);
      throw error;
    }
  };
  /** A newer node that runs did not see this one, or is about to be refused: which of both, the terms tell. */
  const endIfOlder = async (): Promise<void> => {
    const { self } = nodes;
    const others = nodes.list().filter(({ id }) => id !== self.id);
    if (!others.some(({ generation }) => generation > self.generation)) return;
    const terms = await readTerms(temporal);
    if (terms && breachesOf(terms, self, []).includes('older'))
      refuse(refusal(['older'], terms, self, others, temporal.namespace));
  };
  const renewLease = async (): Promise<void> => {
    tell(nodes.self, await nodes.renew());
    await endIfOlder();
  };
  return {
    /** Before its first call or task. Throws `StartupError` where it may not be part of the cluster. */
    async join(): Promise<void> {
      await join();
      tell(nodes.self, nodes.list());
    },
    /** Resolves with the reason where it may not be part of the cluster any more, or its payload store came later and told. */
    refused,
    /** Enters where it can be reached. What fails comes with the next renewal. */
    async listensAt(address: string): Promise<void> {
      nodes.amend({ address });
      await renewLease().catch(notRenewed);
    },
    /** At once: Temporal has been away, and has forgotten who polled. */
    renewNow: (): void => void renewLease().catch(notRenewed),
    /** Returns how to stop. */
    start(): () => Promise<void> {
      const stops = [every(renewMs, renewLease, notRenewed), storeWatch.start(joinWithStore)];
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
    /** Ends its lease at once; where Temporal does not answer, it ends by itself. */
    leave: (): Promise<void> => nodes.leave().catch(() => undefined),
  };
}
