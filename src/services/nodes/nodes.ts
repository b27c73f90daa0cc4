/**
 * The registry of nodes: which facades and workers run (ADR 0033). A node that polls a task queue is known to Temporal
 * with the time it came, by the identity that it names, which is its card here. Nothing is ever put into the queue.
 */
import proto from '@temporalio/proto';
import { writeCard, type NodeCard } from '../../domain/node-card.ts';
import { leaseMs, runningNodes, type Poller, type ListedNode } from '../../domain/running-nodes.ts';
import { delay } from '../../lib/delay.ts';
import { rpc, rpcTimeoutMs, temporalUnavailable, type Temporal } from '../temporal/rpc.ts';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
const { TASK_QUEUE_KIND_STICKY } = proto.temporal.api.enums.v1.TaskQueueKind;

/**
 * A sticky queue has one partition, which sees every poll. A normal queue has four, and three of them pass on to the
 * first, which is the one that is looked at, only one poll at a time. Temporal wants `normalName` to differ from `name`.
 */
const taskQueue = {
  name: 'holdfast-nodes',
  normalName: 'holdfast-nodes-normal',
  kind: TASK_QUEUE_KIND_STICKY,
};
/** The server logs a warning of polls under 10 s. The native connection cannot end a poll early: it stays open for this long. */
const pollMs = 12_000;
/** The poll may not have come there yet; from look to look twice as long. */
const firstPauseMs = 10;

/** This node's membership of the registry, and its view of the other nodes. */
export class Nodes {
  private readonly temporal: Temporal;
  private readonly now: () => number;
  private card: NodeCard;
  private known: readonly ListedNode[] = [];
  /** When Temporal last saw it, by which identity, and when it told so by `performance.now()`. */
  private noted: (Poller & { readonly toldAt: number }) | undefined;

  /** `now` tells the time by Temporal's clock, as far as it was measured: it is asked only before the first poll. */
  constructor(temporal: Temporal, card: NodeCard, now: () => number) {
    this.temporal = temporal;
    this.card = card;
    this.now = now;
  }

  get self(): NodeCard {
    return this.card;
  }

  /** As of the last renewal or look; this node is always among them. */
  list(): readonly ListedNode[] {
    return this.known;
  }

  /** What others see of it from the next renewal on. */
  amend(more: Partial<NodeCard>): void {
    this.card = { ...this.card, ...more, revision: this.card.revision + 1 };
  }

  /** Renews this node's lease and looks who else has one. Throws `Refusal` where Temporal does not answer or note it. */
  async renew(): Promise<readonly ListedNode[]> {
    return this.remember(await this.poll(writeCard(this.card)));
  }

  async look(): Promise<readonly ListedNode[]> {
    return this.remember(await rpc(this.temporal, rpcTimeoutMs.read, () => this.pollers()));
  }

  /** Ends its lease at once. */
  async leave(): Promise<void> {
    await this.poll(writeCard({ ...this.card, left: true }), rpcTimeoutMs.ready);
  }

  /** Keeps who runs, as of these pollers, and returns it. */
  private remember(pollers: readonly Poller[]): readonly ListedNode[] {
    const nowMs = this.temporalsNow();
    const running = runningNodes(pollers, nowMs);
    const self: ListedNode = { ...this.card, seenAt: nowMs, leaseUntil: nowMs + leaseMs };
    this.known = running.some(({ id }) => id === self.id) ? running : [...running, self];
    return this.known;
  }

  /** A lease is measured by the clock that dated it. */
  private temporalsNow(): number {
    return this.noted ? this.noted.seenAt + performance.now() - this.noted.toldAt : this.now();
  }

  /** Until Temporal has noted the poll. Returns who else polled lately. */
  private async poll(identity: string, timeoutMs: number = rpcTimeoutMs.read): Promise<readonly Poller[]> {
    const { client, namespace } = this.temporal;
    const before = await this.seenBefore(identity, timeoutMs);
    const ended = client
      .withDeadline(Date.now() + pollMs, () =>
        client.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity }),
      )
      .then(() => Promise.reject(temporalUnavailable('it ended the poll')));
    const over = new AbortController();
    try {
      return await rpc(this.temporal, timeoutMs, () =>
        Promise.race([this.lookUntilNoted(identity, before, over.signal), ended]),
      );
    } finally {
      over.abort();
    }
  }

  /** A poll counts as seen when it ends, too: the one before the last has ended since the last was noted. */
  private async seenBefore(identity: string, timeoutMs: number): Promise<number> {
    if (this.noted?.identity !== identity) return 0;
    const pollers = await rpc(this.temporal, timeoutMs, () => this.pollers());
    return pollers.find((one) => one.identity === identity)?.seenAt ?? 0;
  }

  private async lookUntilNoted(
    identity: string,
    before: number,
    signal: AbortSignal,
  ): Promise<readonly Poller[]> {
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      const pollers = await this.pollers();
      const noted = pollers.find((one) => one.identity === identity && one.seenAt > before);
      if (noted) this.noted = { ...noted, toldAt: performance.now() };
      if (noted || signal.aborted) return pollers;
      await delay(pauseMs, signal);
    }
  }

  private async pollers(): Promise<Poller[]> {
    const { client, namespace } = this.temporal;
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue,
      taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
    });
    return pollers.map(({ identity, lastAccessTime }) => ({
      identity: identity ?? '',
      seenAt: Number(lastAccessTime?.seconds ?? 0) * 1_000 + (lastAccessTime?.nanos ?? 0) / 1_000_000,
    }));
  }
}
