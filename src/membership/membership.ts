/** This process as one of its cluster's nodes: it joins, keeps its lease, and looks who its neighbours are (ADR 0033). */
import { readTerms } from '../client/cluster-terms.ts';
import type { Nodes } from '../client/nodes.ts';
import type { Temporal } from '../client/temporal.ts';
import { breachesOf } from '../domain/cluster-terms.ts';
import { renewMs } from '../domain/running-nodes.ts';
import { every } from '../platform/every.ts';
import type { Log } from '../platform/logging.ts';
import { StartupError } from '../platform/shutdown.ts';
import type { StoreWatch } from '../platform/store-watch.ts';
import { joinCluster } from './join-cluster.ts';
import { refusal } from './refusal.ts';
import { tellNeighbours } from './tell-neighbours.ts';

export function createMembership(
  temporal: Temporal,
  nodes: Nodes,
  storeWatch: StoreWatch,
  { force, storePlace, log }: { force: boolean; storePlace: string; log: Log },
) {
  const tell = tellNeighbours(log);
  const leave = (): Promise<void> => nodes.leave().catch(() => undefined);
  const notRenewed = (error: unknown): void => {
    log.warn({ err: error }, 'The lease of this node was not renewed; it is tried again');
  };
  const termsNotRead = (error: unknown): void => {
    log.warn(
      { err: error },
      'A node of a newer generation runs, and whether the cluster is of that by now could not be read; it is looked again with the next renewal of the lease',
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
   * Beside a newer node this one goes on as long as the terms are of its own generation: the newer one is about to be
   * refused, or this one was started by force after it. Once they are of the newer, this one ends, forced or not.
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
    tell(nodes.self, await nodes.renew());
    await endIfOlder().catch(termsNotRead);
  };
  return {
    /** Before its first call or task. Throws `StartupError` where it may not be part of the cluster. */
    async join(): Promise<void> {
      try {
        await join();
      } catch (error) {
        await leave(); // Whatever it was: this process ends, and may be listed.
        throw error;
      }
      tell(nodes.self, nodes.list());
    },
    /**
     * Resolves with the reason why this node must end: a newer generation has raised the terms, or its payload store, which
     * was away at the start, is another one than the cluster's.
     */
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
    leave,
  };
}
