/**
 * This node's view of the agents' health. It consists of a snapshot of the health workflow, which a facade refreshes every
 * second, and of the node's own outcomes that the snapshot does not contain yet. Reads need no RPC and include the node's own
 * outcomes at once.
 */
import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AgentConfig } from '../../domain/agent.ts';
import { openCircuitsLast, type OrderedChain } from '../../domain/chain.ts';
import { circuitOf, type Circuit } from '../../domain/circuit.ts';
import {
  copyHealth,
  healthStatus,
  newHealth,
  recordOutcome,
  type AgentHealth,
  type HealthStatus,
  type Outcome,
} from '../../domain/health.ts';
import { agentHealthId } from '../../domain/ids.ts';
import { outcomeKey } from '../../domain/cache-keys.ts';
import { unpackHealth } from '../../domain/packed-health.ts';
import { resetHealth } from '../../domain/reset-health.ts';
import type { HealthState } from '../../workflows/agent-health.ts';
import {
  forgetAgentSignal,
  healthChangesQuery,
  reportOutcomesSignal,
  resetAgentSignal,
  type OutcomeBatch,
} from '../../workflows/messages.ts';
import { ensureEntity } from '../temporal/entity-updates.ts';
import { ProbeSlots } from './probe-slots.ts';
import { rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/** How many outcomes are kept while Temporal does not answer. If there are more, the oldest are lost (I7). */
const maxUnsent = 10_000;
const maxBatch = 500;
/** After this time, a sent batch is considered part of the snapshot, even if no snapshot has confirmed it. */
const overlayMs = 30_000;

/** Settings of the circuit breaker. `cooldownMs` is how long a circuit stays open before it is half open. */
export interface CircuitBreaker {
  readonly enabled: boolean;
  readonly cooldownMs: number;
}

interface TakenOrder extends OrderedChain {
  /** Frees the probe slots that `order` took for the call. Call it if the call is not started. */
  readonly giveBack: () => void;
}

/** Methods that need Temporal throw the refusal `temporal_unavailable` if it does not answer. */
export class Health {
  private readonly temporal: Temporal;
  private readonly breaker: CircuitBreaker;
  private snapshot = new Map<string, AgentHealth>();
  private version = 0;
  private refreshing: Promise<void> | undefined;
  private unsent: Outcome[] = [];
  /** Batches that were sent and that no snapshot has confirmed yet. */
  private readonly sent = new Map<string, OutcomeBatch & { readonly sentAt: number }>();
  private readonly seen = new LRUCache<string, true>({ max: 20_000 });
  private readonly probes: ProbeSlots;
  /** The resets by this node that no snapshot contains yet, by agent, in epoch ms. */
  private readonly resets = new Map<string, number>();

  /** Returns the time (epoch ms) by a clock that all nodes share, because the outcomes of all nodes are compared. */
  readonly now: () => number;

  constructor(temporal: Temporal, breaker: CircuitBreaker, now: () => number = () => Date.now()) {
    this.temporal = temporal;
    this.now = now;
    this.breaker = breaker;
    this.probes = new ProbeSlots(breaker.cooldownMs);
  }

  /** Starts the health workflow unless it runs. */
  async ensure(): Promise<void> {
    const empty: HealthState = { version: 0, agents: {}, batchIds: [] };
    await ensureEntity(this.temporal, 'agentHealth', agentHealthId, [empty]);
  }

  /** Records an outcome; this node's circuits reflect it at once. Returns false if the same outcome was recorded before. */
  record(outcome: Outcome): boolean {
    const key = outcomeKey(outcome);
    if (this.seen.has(key)) return false;
    this.seen.set(key, true);
    this.probes.free(outcome.agent);
    this.unsent.push(outcome);
    if (this.unsent.length > maxUnsent) this.unsent.shift();
    return true;
  }

  /** Returns the agent's health; for an unknown agent, that of a new one. */
  of(agent: string): AgentHealth {
    const health = copyHealth(this.snapshot.get(agent) ?? newHealth());
    const resetAt = this.resets.get(agent);
    if (resetAt !== undefined) resetHealth(health, resetAt);
    for (const { outcomes } of this.sent.values())
      for (const outcome of outcomes) if (outcome.agent === agent) recordOutcome(health, outcome);
    for (const outcome of this.unsent) if (outcome.agent === agent) recordOutcome(health, outcome);
    return health;
  }

  /** Returns the state of the agent's circuit; always closed if the circuit breaker is disabled. */
  circuit(agent: string): Circuit {
    return this.breaker.enabled
      ? circuitOf(this.of(agent), this.now(), this.breaker.cooldownMs)
      : { state: 'closed' };
  }

  /** Returns the agent's status, and whether its circuit is open now. */
  state(agent: string): { readonly status: HealthStatus; readonly circuitOpen: boolean } {
    const [health, now] = [this.of(agent), this.now()];
    const { enabled, cooldownMs } = this.breaker;
    return {
      status: healthStatus(health, now),
      circuitOpen: enabled && circuitOf(health, now, cooldownMs).state === 'open',
    };
  }

  /**
   * Orders the chain of a call that is about to start: agents whose circuit is open come last. If a circuit is half open and no
   * other call of this node probes the agent, this call may ask it in its place in the chain and takes the agent's probe slot.
   */
  order(chain: readonly AgentConfig[], callId: string): TakenOrder {
    const ordered = this.view(chain);
    if (!this.breaker.enabled || chain.length === 1) return { ...ordered, giveBack: () => undefined };
    const probed = chain
      .map(({ name }) => name)
      .filter((name) => this.circuit(name).state === 'half_open' && !this.probes.isTaken(name));
    for (const name of probed) this.probes.take(name, callId);
    const giveBack = (): void => {
      for (const name of probed) this.probes.giveBack(name, callId);
    };
    return { ...ordered, giveBack };
  }

  /** Returns the order that a call would get now. Takes no probe slot. */
  view(chain: readonly AgentConfig[]): OrderedChain {
    if (!this.breaker.enabled || chain.length === 1) return { agents: chain, passedOver: [] };
    return openCircuitsLast(chain, (name) => {
      const { state } = this.circuit(name);
      return state === 'open' || (state === 'half_open' && this.probes.isTaken(name));
    });
  }

  /** Frees the probe slots of a call that has ended or was not started. */
  release(callId: string): void {
    this.probes.freeOf(callId);
  }

  /** Closes the agent's circuit; its totals stay. This node sees it at once, others with their next refresh. */
  async reset(agent: string): Promise<void> {
    const at = this.now();
    await rpc(this.temporal, rpcTimeoutMs.write, () => this.handle().signal(resetAgentSignal, agent, at));
    this.resets.set(agent, at);
    this.probes.free(agent);
  }

  /** Deletes everything about an agent that was removed. */
  async forget(agent: string): Promise<void> {
    this.snapshot.delete(agent);
    this.resets.delete(agent);
    this.unsent = this.unsent.filter((outcome) => outcome.agent !== agent);
    for (const [id, batch] of this.sent)
      this.sent.set(id, { ...batch, outcomes: batch.outcomes.filter((outcome) => outcome.agent !== agent) });
    await rpc(this.temporal, rpcTimeoutMs.write, () => this.handle().signal(forgetAgentSignal, agent));
  }

  /** Sends the recorded outcomes, at most 500 at a time. Throws if that fails; the next flush sends them again. */
  async flush(): Promise<void> {
    for (const [id, { sentAt }] of this.sent) if (sentAt < Date.now() - overlayMs) this.sent.delete(id);
    if (this.unsent.length === 0) return;
    const batch: OutcomeBatch = { batchId: randomUUID(), outcomes: this.unsent.slice(0, maxBatch) };
    this.unsent = this.unsent.slice(maxBatch);
    this.sent.set(batch.batchId, { ...batch, sentAt: Date.now() });
    try {
      await rpc(this.temporal, rpcTimeoutMs.read, () => this.handle().signal(reportOutcomesSignal, batch));
    } catch (error) {
      this.sent.delete(batch.batchId);
      this.unsent = [...batch.outcomes, ...this.unsent].slice(-maxUnsent);
      throw error;
    }
  }

  /**
   * Updates the snapshot, and drops the node's own outcomes and resets that it now contains. Concurrent callers share one query:
   * an older answer that comes after a newer one would look like a health workflow that was started again.
   */
  refresh(): Promise<void> {
    this.refreshing ??= this.pull().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async pull(): Promise<void> {
    const changes = await rpc(this.temporal, rpcTimeoutMs.read, () =>
      this.handle().query(healthChangesQuery, this.version),
    );
    if (changes.version < this.version) this.snapshot.clear();
    this.version = changes.version;
    for (const [agent, health] of Object.entries(changes.agents))
      this.snapshot.set(agent, unpackHealth(health));
    for (const batchId of changes.batchIds) this.sent.delete(batchId);
    for (const [agent, at] of this.resets)
      if ((this.snapshot.get(agent)?.resetAt ?? 0) >= at || at < this.now() - overlayMs)
        this.resets.delete(agent);
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(agentHealthId);
  }
}
