/**
 * This node's copy of the agent directory. The directory itself is a workflow. The copy is refreshed every second, and also
 * when a name is missing; the node's own changes are in it at once.
 */
import { randomUUID } from 'node:crypto';
import { isUsableIn, type AgentConfig } from '../../domain/agent.ts';
import { isInForce, type AgentPause } from '../../domain/agent-pause.ts';
import { delay } from '../../lib/delay.ts';
import { agentDirectoryId } from '../../domain/ids.ts';
import type { agentDirectory, DirectoryLimits, DirectoryState } from '../../workflows/agent-directory.ts';
import {
  directoryChangesQuery,
  pauseAgentUpdate,
  registerAgentUpdate,
  removeAgentUpdate,
  type DirectoryEntry,
} from '../../workflows/messages.ts';
import { ensureEntity, sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import { rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';

/** How long an agent may have to wait to be asked because this process has not read yet which agents are paused. */
const firstReadMs = 10_000;
const firstReadPauseMs = 250;

/** Methods that need Temporal throw the refusal `temporal_unavailable` if it does not answer. */
export class Agents {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: DirectoryLimits;
  private readonly entries = new Map<string, DirectoryEntry>();
  private version = 0;
  private changes = 0;
  private refreshing: Promise<void> | undefined;
  private hasRead = false;
  private firstRead: Promise<void> | undefined;
  /** Epoch ms by a clock that all nodes share. */
  readonly now: () => number;

  constructor(
    temporal: Temporal,
    updateLimit: EntityUpdateLimit,
    limits: DirectoryLimits,
    now: () => number = () => Date.now(),
  ) {
    this.now = now;
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /** Starts the directory's workflow unless it runs. */
  async ensure(): Promise<void> {
    const empty: DirectoryState = { version: 0, entries: {}, forgottenVersion: 0 };
    await ensureEntity(
      this.temporal,
      'agentDirectory' satisfies typeof agentDirectory.name,
      agentDirectoryId,
      [empty, this.limits],
    );
  }

  /** Like `lookup`, but refreshes the copy if the name is missing: another node may have just registered it. */
  async find(project: string, name: string): Promise<AgentConfig | undefined> {
    if (!this.lookup(project, name)) await this.refresh();
    return this.lookup(project, name);
  }

  /**
   * Returns the agent from this node's copy, which may be a second old. Undefined if it has none of this name that the project
   * may use.
   */
  lookup(project: string, name: string): AgentConfig | undefined {
    const config = this.entries.get(name)?.config;
    return config && isUsableIn(project, config) ? config : undefined;
  }

  /** Whether there is an agent of this name that only another project may use. Its name is not shown then. */
  isOfOther(project: string, name: string): boolean {
    const config = this.entries.get(name)?.config;
    return config !== undefined && !isUsableIn(project, config);
  }

  /** Returns all agents of this node's copy that the project may use, sorted by name. `*`: all agents. */
  list(project: string): AgentConfig[] {
    return [...this.entries.values()]
      .flatMap((entry) => (entry.config && isUsableIn(project, entry.config) ? entry.config : []))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Returns the names of the agents, of those that the project may use, that fall back to this one, sorted. */
  fallingBackTo(project: string, name: string): string[] {
    return this.list(project).flatMap((one) =>
      one.name !== name && one.fallbackAgents.includes(name) ? one.name : [],
    );
  }

  /** Whether this node's copy has an agent of this name. */
  isRegistered(name: string): boolean {
    return this.entries.get(name)?.config !== undefined;
  }

  /** Changes whenever this node's copy does. */
  get revision(): number {
    return this.changes;
  }

  /** Registers the agent, or replaces its config. Throws `Refusal`. */
  async register(config: AgentConfig): Promise<{ replaced: boolean }> {
    const { version, replaced, pause } = await this.update((updateId) =>
      this.handle().executeUpdate(registerAgentUpdate, { args: [config], updateId }),
    );
    this.apply(config.name, { version, config, ...(pause && { pause }) });
    return { replaced };
  }

  /**
   * Pauses the agent or changes its pause; undefined resumes it. Returns false if no agent of this name is registered. Every
   * process knows it within 2 s.
   */
  async pause(name: string, pause: AgentPause | undefined): Promise<boolean> {
    const entry = await this.update((updateId) =>
      this.handle().executeUpdate(pauseAgentUpdate, { args: [name, pause ?? null], updateId }),
    );
    if (entry) this.apply(name, entry);
    return entry !== null;
  }

  /** Returns the agent's pause, from this node's copy. Undefined if it is not paused, or its pause is over. */
  pauseOf(name: string): AgentPause | undefined {
    const pause = this.entries.get(name)?.pause;
    return pause && isInForce(pause, this.now()) ? pause : undefined;
  }

  /** Whether this process has read the directory. */
  get isKnown(): boolean {
    return this.hasRead;
  }

  /** Resolves once this process has read the directory, and in any case 10 s after it was first asked. */
  known(): Promise<void> {
    return (this.firstRead ??= this.readFirst());
  }

  private async readFirst(): Promise<void> {
    const giveUpAt = performance.now() + firstReadMs;
    while (!this.hasRead && performance.now() < giveUpAt)
      await this.refresh().catch(() => delay(firstReadPauseMs));
  }

  /** Removes the agent. Returns false if no agent of this name was registered. */
  async remove(name: string): Promise<boolean> {
    const { version, removed } = await this.update((updateId) =>
      this.handle().executeUpdate(removeAgentUpdate, { args: [name], updateId }),
    );
    this.apply(name, { version });
    return removed;
  }

  /** Reads the changes since the last refresh and applies them to the copy. Concurrent callers share one query. */
  refresh(): Promise<void> {
    this.refreshing ??= this.pull().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async pull(): Promise<void> {
    const changes = await rpc(this.temporal, rpcTimeoutMs.read, () =>
      this.handle().query(directoryChangesQuery, this.version),
    );
    // A lower version means that the directory was deleted and started again.
    if (changes.complete || changes.version < this.version) {
      this.entries.clear();
      this.changes += 1;
    }
    this.version = changes.version;
    this.hasRead = true;
    for (const [name, entry] of Object.entries(changes.entries)) this.apply(name, entry);
  }

  /**
   * Puts an entry into the copy unless the copy has a newer one: a change that this node made itself may be newer than the
   * answer of a query in flight.
   */
  private apply(name: string, entry: DirectoryEntry): void {
    const mine = this.entries.get(name);
    if (mine && mine.version > entry.version) return;
    this.entries.set(name, entry);
    this.changes += 1;
  }

  private update<T>(send: (updateId: string) => Promise<T>): Promise<T> {
    const updateId = randomUUID();
    return this.updateLimit.run(agentDirectoryId, () =>
      rpc(this.temporal, rpcTimeoutMs.write, () => sendUpdate(() => send(updateId))),
    );
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(agentDirectoryId);
  }
}
