/**
 * The registry of the facades and workers that run (ADR 0033). Each node polls a task queue, with its card as the poller's
 * identity. Temporal lists the pollers of the queue with the times of their last polls, so this list is the registry. No task
 * is ever put into the queue.
 */
import proto from '@temporalio/proto';
import { writeCard, type NodeCard } from '../../domain/node-card.ts';
import { leaseMs, runningNodes, type Poller, type ListedNode } from '../../domain/running-nodes.ts';
import { delay } from '../../lib/delay.ts';
import { rpc, rpcTimeoutMs, temporalUnavailable, type Temporal } from '../temporal/rpc.ts';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;
const { TASK_QUEUE_KIND_STICKY } = proto.temporal.api.enums.v1.TaskQueueKind;

/**
 * The task queue that nodes poll. It is sticky, because a sticky queue has one partition, which sees every poll. A normal queue
 * has four partitions. Only the first of them is listed, and the other three forward only one poll at a time to it. Temporal
 * requires that `normalName` differs from `name`.
 */
const taskQueue = {
  name: 'holdfast-nodes',
  normalName: 'holdfast-nodes-normal',
  kind: TASK_QUEUE_KIND_STICKY,
};
/**
 * Length of a poll. The server logs a warning for polls under 10 s, and the native connection cannot end a poll early, so each
 * poll stays open for this time.
 */
const pollMs = 12_000;
/**
 * The pause before the pollers are listed again, because the server may not have received the poll yet. It doubles each time.
 */
const firstPauseMs = 10;

/** This node's membership of the registry, and its view of the other nodes. */
export class Nodes {
  private readonly temporal: Temporal;
  private readonly now: () => number;
  private card: NodeCard;
  private known: readonly ListedNode[] = [];
  /**
   * This node's last poll that Temporal has listed: its identity and Temporal's time of it (`seenAt`). `toldAt` is when this
   * process learnt of it, by `performance.now()`.
   */
  private noted: (Poller & { readonly toldAt: number }) | undefined;

  /** `now` returns the time by Temporal's clock, as far as that was measured. It is used only before the first poll. */
  constructor(temporal: Temporal, card: NodeCard, now: () => number) {
    this.temporal = temporal;
    this.card = card;
    this.now = now;
  }

  get self(): NodeCard {
    return this.card;
  }

  /** Returns the running nodes, as of the last renewal or `look`. This node is always among them. */
  list(): readonly ListedNode[] {
    return this.known;
  }

  /** Changes this node's card. Other nodes see the change after the next renewal. */
  amend(more: Partial<NodeCard>): void {
    this.card = { ...this.card, ...more, revision: this.card.revision + 1 };
  }

  /**
   * Renews this node's lease. Returns the running nodes. Throws `Refusal` if Temporal does not answer or does not list the
   * poll.
   */
  async renew(): Promise<readonly ListedNode[]> {
    return this.remember(await this.poll(writeCard(this.card)));
  }

  async look(): Promise<readonly ListedNode[]> {
    return this.remember(await rpc(this.temporal, rpcTimeoutMs.read, () => this.pollers()));
  }

  /** Ends this node's lease at once. */
  async leave(): Promise<void> {
    await this.poll(writeCard({ ...this.card, left: true }), rpcTimeoutMs.ready);
  }

  /** Derives the running nodes from the pollers, remembers them for `list`, and returns them. */
  private remember(pollers: readonly Poller[]): readonly ListedNode[] {
    const nowMs = this.temporalsNow();
    const running = runningNodes(pollers, nowMs);
    const self: ListedNode = { ...this.card, seenAt: nowMs, leaseUntil: nowMs + leaseMs };
    this.known = running.some(({ id }) => id === self.id) ? running : [...running, self];
    return this.known;
  }

  /** Returns the current time by Temporal's clock, because that clock dates the polls from which leases are counted. */
  private temporalsNow(): number {
    return this.noted ? this.noted.seenAt + performance.now() - this.noted.toldAt : this.now();
  }

  /** Polls with this identity and waits until Temporal lists the poll. Returns all pollers that it lists. */
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

  /**
   * Returns the time at which Temporal last saw this identity; 0 if it was not polled with before. It has to be read again,
   * because the end of a poll also counts as a time at which the poller was seen: since the last poll was listed, the one
   * before it may have ended.
   */
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
