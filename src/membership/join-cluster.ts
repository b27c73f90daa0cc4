/** Whether this node may be part of the cluster whose data it finds, and its entry in the registry of nodes (ADR 0033). */
import { readTerms, UnreadableTerms, writeTerms } from '../client/cluster-terms.ts';
import type { Nodes } from '../client/nodes.ts';
import { isForbidden, type Temporal } from '../client/temporal.ts';
import { breachesOf, termsOf, type ClusterTerms } from '../domain/cluster-terms.ts';
import { clusterTermsId } from '../domain/ids.ts';
import type { NodeCard } from '../domain/node-card.ts';
import { allRenewedMs } from '../domain/running-nodes.ts';
import type { Log } from '../platform/logging.ts';
import { StartupError } from '../platform/shutdown.ts';
import { refusal } from './refusal.ts';

interface Options {
  /** Undefined: its payload store is away. */
  readonly storeId: string | undefined;
  /** As HOLDFAST_PAYLOAD_STORE says it. */
  readonly storePlace: string;
  /** What differs becomes the cluster's. */
  readonly force: boolean;
  readonly log: Log;
}

/** The first node writes the terms. Throws `StartupError` that says what differs and what to do; it has left by then. */
export async function joinCluster(temporal: Temporal, nodes: Nodes, options: Options): Promise<void> {
  try {
    await join(temporal, nodes, options);
  } catch (error) {
    const told = withWhatToDo(error, temporal.namespace);
    // It may be listed by now. Whatever else fails may be tried again, for which it must not have left: that is for good.
    if (told instanceof StartupError) await nodes.leave().catch(() => undefined);
    throw told;
  }
}

async function join(
  temporal: Temporal,
  nodes: Nodes,
  { storeId, storePlace, force, log }: Options,
): Promise<void> {
  if (force)
    log.warn(
      'HOLDFAST_JOIN=force is set: this node is not refused at its start, whatever differs. Unset it once it has started',
    );
  const self = { ...nodes.self, storeId };
  const terms = (await readTerms(temporal)) ?? (await beTheFirst(temporal, self));
  const refuseWhereItDiffers = (running: readonly NodeCard[]): void => {
    if (!terms || force) return;
    const others = running.filter(({ id }) => id !== self.id);
    const breaches = breachesOf(terms, self, others);
    if (breaches.length > 0)
      throw new StartupError(
        refusal(breaches, terms, self, others, { namespace: temporal.namespace, storePlace }),
      );
  };
  // Before it is listed: the others would tell of one that has another key or store.
  if (terms && !force && breachesOf(terms, self, []).length > 0)
    refuseWhereItDiffers(await nodes.look().catch(() => []));
  nodes.amend({ storeId });
  const raises = !force && terms !== undefined && self.generation > terms.generation;
  await enter(nodes, log, { mustSeeAll: raises });
  refuseWhereItDiffers(nodes.list());
  if (raises) {
    // A server that has just started has forgotten who runs.
    await new Promise((resolve) => setTimeout(resolve, allRenewedMs));
    await enter(nodes, log, { mustSeeAll: true });
    refuseWhereItDiffers(nodes.list());
  }
  if (terms) await agree(temporal, self, terms, log);
}

/** Undefined: its store is away, so that it cannot tell the terms yet. */
async function beTheFirst(temporal: Temporal, self: NodeCard): Promise<ClusterTerms | undefined> {
  const own = termsOf(self);
  if (!own) return undefined;
  await writeTerms(temporal, own, { replace: false });
  return readTerms(temporal); // Another may have been first.
}

/** `mustSeeAll`: it may not go on without knowing who runs. */
async function enter(nodes: Nodes, log: Log, { mustSeeAll }: { mustSeeAll: boolean }): Promise<void> {
  try {
    await nodes.renew();
  } catch (error) {
    if (isForbidden(error)) throw error;
    if (mustSeeAll)
      throw new StartupError(
        'Temporal does not tell which nodes run, and this one may join only where none of an older generation does: start it again once Temporal answers',
        { cause: error },
      );
    log.warn({ err: error }, 'This node could not be entered in the registry of nodes; it is tried again');
  }
}

/** Where they still differ it is by force, or this is the first node of its generation. */
async function agree(temporal: Temporal, self: NodeCard, terms: ClusterTerms, log: Log): Promise<void> {
  const now = termsOf(self, terms);
  if (!now) return;
  const changed = (['keyFingerprint', 'storeId', 'generation'] as const).filter(
    (one) => now[one] !== terms[one],
  );
  if (changed.length === 0) return;
  await writeTerms(temporal, now, { replace: true });
  if (changed.join() === 'generation' && now.generation > terms.generation)
    log.info({ generation: now.generation }, 'The cluster is of this generation from now on');
  else
    log.warn(
      { before: terms, now },
      'HOLDFAST_JOIN=force: the cluster has what this node has from now on. Nodes that keep what it had are refused at their next start',
    );
}

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
