/** Joins this node to its cluster: compares it with the cluster terms and enters it in the registry of nodes (ADR 0033). */
import { readTerms, UnreadableTerms, writeTerms } from '../services/nodes/cluster-terms.ts';
import type { Nodes } from '../services/nodes/nodes.ts';
import { isForbidden, type Temporal } from '../services/temporal/rpc.ts';
import { breachesOf, termsOf, type ClusterTerms } from '../domain/cluster-terms.ts';
import { clusterTermsId } from '../domain/ids.ts';
import type { NodeCard } from '../domain/node-card.ts';
import { allRenewedMs } from '../domain/running-nodes.ts';
import { delay } from '../lib/delay.ts';
import type { Log } from '../platform/logging.ts';
import { StartupError } from '../platform/startup-error.ts';
import { refusal } from './refusal.ts';

interface Options {
  /** The payload store's id. Undefined while the store cannot be reached. */
  readonly storeId: string | undefined;
  /** The payload store's place, in the syntax of HOLDFAST_PAYLOAD_STORE. */
  readonly storePlace: string;
  /**
   * Whether HOLDFAST_JOIN=force is set: the node then joins in any case, and the cluster terms are set to those of the node.
   */
  readonly force: boolean;
  readonly log: Log;
}

/**
 * Joins the cluster. The first node writes the cluster terms. If the node may not join, it leaves the registry, and
 * `StartupError` is thrown with what differs and what to do.
 */
export async function joinCluster(temporal: Temporal, nodes: Nodes, options: Options): Promise<void> {
  try {
    await join(temporal, nodes, options);
  } catch (error) {
    const explained = withWhatToDo(error, temporal.namespace);
    // The node may be listed by now. Other errors are tried again, and a node that has left cannot come back.
    if (explained instanceof StartupError) await nodes.leave().catch(() => undefined);
    throw explained;
  }
}

async function join(
  temporal: Temporal,
  nodes: Nodes,
  { storeId, storePlace, force, log }: Options,
): Promise<void> {
  if (force)
    log.warn(
      'HOLDFAST_JOIN=force is set: this node is not refused at its start, even if its key, payload store or generation differs. Unset it once the node has started',
    );
  const self = { ...nodes.self, storeId };
  const terms = (await readTerms(temporal)) ?? (await writeFirstTerms(temporal, self));
  const refuseIfDifferent = (running: readonly NodeCard[]): void => {
    if (!terms || force) return;
    const others = running.filter(({ id }) => id !== self.id);
    const breaches = breachesOf(terms, self, others);
    if (breaches.length > 0)
      throw new StartupError(
        refusal(breaches, terms, self, others, { namespace: temporal.namespace, storePlace }),
      );
  };
  // Before the node is listed: otherwise the other nodes would log an error about its key or store.
  if (terms && !force && breachesOf(terms, self, []).length > 0)
    refuseIfDifferent(await nodes.look().catch(() => []));
  nodes.amend({ storeId });
  const raises = !force && terms !== undefined && self.generation > terms.generation;
  await enter(nodes, log, { mustSeeAll: raises });
  refuseIfDifferent(nodes.list());
  if (raises) {
    // A Temporal server that has just started does not list all pollers yet: wait until every node has renewed its lease.
    await delay(allRenewedMs);
    await enter(nodes, log, { mustSeeAll: true });
    refuseIfDifferent(nodes.list());
  }
  if (terms) await updateTerms(temporal, self, terms, log);
}

/** Writes the terms of a new cluster. Undefined while the payload store cannot be reached: its id is part of the terms. */
async function writeFirstTerms(temporal: Temporal, self: NodeCard): Promise<ClusterTerms | undefined> {
  const own = termsOf(self);
  if (!own) return undefined;
  await writeTerms(temporal, own, { replace: false });
  return readTerms(temporal); // Another node may have written them first.
}

/**
 * Enters the node in the registry by renewing its lease. With `mustSeeAll` a failure is thrown, because the node may only join
 * if it can list all nodes.
 */
async function enter(nodes: Nodes, log: Log, { mustSeeAll }: { mustSeeAll: boolean }): Promise<void> {
  try {
    await nodes.renew();
  } catch (error) {
    if (isForbidden(error)) throw error;
    if (mustSeeAll)
      throw new StartupError(
        'Temporal did not list the running nodes, and this node may join only if no node of an older generation is running: start it again once Temporal answers',
        { cause: error },
      );
    log.warn(
      { err: error },
      'This node could not be entered in the registry of nodes; it tries again every 10 s',
    );
  }
}

/** Updates the terms if they differ from those of the node: it joined by force, or it is the first of a new generation. */
async function updateTerms(temporal: Temporal, self: NodeCard, terms: ClusterTerms, log: Log): Promise<void> {
  const now = termsOf(self, terms);
  if (!now) return;
  const changed = (['keyFingerprint', 'storeId', 'generation'] as const).filter(
    (one) => now[one] !== terms[one],
  );
  if (changed.length === 0) return;
  await writeTerms(temporal, now, { replace: true });
  if (changed.join() === 'generation' && now.generation > terms.generation)
    log.info({ generation: now.generation }, 'This node raised the generation of the cluster');
  else
    log.warn(
      { before: terms, now },
      'HOLDFAST_JOIN=force: the cluster terms now match this node. Nodes with the earlier key or payload store are refused at their next start',
    );
}

/** Adds to known errors what to do about them. */
function withWhatToDo(error: unknown, namespace: string): unknown {
  if (error instanceof UnreadableTerms)
    return new StartupError(
      `${error.message}: terminate it (temporal workflow terminate -w ${clusterTermsId} -n ${namespace}); the next node that starts writes them anew`,
      { cause: error },
    );
  if (isForbidden(error))
    return new StartupError(
      `Temporal refuses this node a right in the namespace ${namespace}: its credentials need DescribeWorkflowExecution, StartWorkflowExecution, PollWorkflowTaskQueue and DescribeTaskQueue, which Temporal Cloud's permission Write includes`,
      { cause: error },
    );
  return error;
}
