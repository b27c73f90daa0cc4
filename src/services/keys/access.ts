/**
 * This node's copy of the projects and API keys, which a workflow holds (workflows/access-directory.ts). The copy is brought up to date each
 * second: one description says whether anything has changed, and only then a query reads them.
 */
import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  withoutRotated,
  type AccessLimits,
  type AccessMemo,
  type AccessState,
  type Actor,
  type NewKey,
} from '../../domain/access-book.ts';
import type { ApiKey } from '../../domain/api-key.ts';
import { Refusal } from '../../domain/failures.ts';
import { accessDirectoryId, agentDirectoryId } from '../../domain/ids.ts';
import { newKeyText, digestOfKeyText } from '../../domain/key-text.ts';
import type { Limits } from '../../domain/limits.ts';
import type { Project } from '../../domain/project.ts';
import { CoalescedReads } from '../../lib/coalesced-reads.ts';
import { without } from '../../lib/without.ts';
import type { accessDirectory } from '../../workflows/access-directory.ts';
import {
  closeProjectUpdate,
  createKeyUpdate,
  createProjectUpdate,
  limitKeyUpdate,
  limitProjectUpdate,
  readAccessQuery,
  revokeKeyUpdate,
  rotateKeyUpdate,
} from '../../workflows/messages.ts';
import { describeWorkflow } from '../temporal/describe-workflow.ts';
import { sendUpdate, type EntityUpdateLimit } from '../temporal/entity-updates.ts';
import {
  isNotFound,
  isUnanswered,
  rpc,
  rpcTimeoutMs,
  workflowTaskTimeout,
  type Temporal,
} from '../temporal/rpc.ts';

const none: AccessState = { keys: [], everKeyed: false, projects: [] };

/** The directory as this node knows it. */
interface Copy {
  /** In the order in which they were created. */
  readonly keys: ReadonlyMap<string, ApiKey>;
  readonly projects: ReadonlyMap<string, Project>;
  readonly everKeyed: boolean;
  readonly earlierCallersUntil: number;
  readonly earlierCallers: readonly string[];
  /** The run and the length of its history when it was read. */
  readonly mark: string;
  /** When the copy was known to be up to date, by a clock that only runs forward, in ms. */
  readonly readAt: number;
}

/** Thrown by `ensure` if somebody has ended the directory's workflow. */
export class AccessDirectoryEnded extends Error {}

/** A key, and its text, which is shown once. */
export interface ShownKey {
  readonly key: ApiKey;
  readonly text: string;
}

/** Methods that need Temporal throw the refusal `temporal_unavailable` if it does not answer. */
export class Access {
  private readonly temporal: Temporal;
  private readonly updateLimit: EntityUpdateLimit;
  private readonly limits: AccessLimits;
  private readonly keptMs: number;
  private readonly reads = new CoalescedReads<void>();
  private copy: Copy | undefined;

  /** `keptMs` is how long, at most, Temporal still knows a call that runs now. */
  constructor(temporal: Temporal, updateLimit: EntityUpdateLimit, limits: AccessLimits, keptMs: number) {
    this.keptMs = keptMs;
    this.temporal = temporal;
    this.updateLimit = updateLimit;
    this.limits = limits;
  }

  /**
   * Starts the directory's workflow unless it runs. Throws `AccessDirectoryEnded` if it was ended, unless `anew` is set: then
   * another one is started, which knows no keys. Its nodes need one all the same. `callers` are this node's earlier callers.
   */
  async ensure({
    anew,
    callers,
  }: {
    readonly anew: boolean;
    readonly callers: readonly string[];
  }): Promise<void> {
    // The other directory is older than this one where calls were made before projects existed.
    const isUpgrade = (await describeWorkflow(this.temporal, agentDirectoryId)) !== undefined;
    const earlier = isUpgrade
      ? { earlierCallersUntil: Date.now() + this.keptMs, earlierCallers: callers }
      : {};
    try {
      await this.start({ ...none, ...earlier }, 'REJECT_DUPLICATE');
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const ended = `The workflow ${accessDirectoryId}, which holds the API keys, has ended`;
      if (!anew) throw new AccessDirectoryEnded(ended, { cause: error });
      await this.start({ keys: [], everKeyed: true, ...earlier }, 'ALLOW_DUPLICATE');
    }
  }

  /** Whether a key was ever created. Undefined if this node has never been able to read the directory. */
  get everKeyed(): boolean | undefined {
    return this.copy?.everKeyed;
  }

  /** The callers whose Idempotency-Keys may have started calls before they belonged to projects. `now` is in epoch ms. */
  earlierCallers(now: number): readonly string[] {
    const { earlierCallersUntil = 0, earlierCallers = [] } = this.copy ?? {};
    return earlierCallersUntil > now ? earlierCallers : [];
  }

  /** Whether there may be such calls. */
  hasEarlierCallers(now: number): boolean {
    return (this.copy?.earlierCallersUntil ?? 0) > now;
  }

  /** How long ago the copy was known to be up to date, in ms. Infinity if it was never read. */
  get ageMs(): number {
    return this.copy ? performance.now() - this.copy.readAt : Infinity;
  }

  /** Returns the key from this node's copy. */
  lookup(id: string): ApiKey | undefined {
    return this.copy?.keys.get(id);
  }

  /** Returns all keys of this node's copy, in the order in which they were created. */
  list(): readonly ApiKey[] {
    return [...(this.copy?.keys.values() ?? [])];
  }

  /** Returns the project from this node's copy. */
  project(name: string): Project | undefined {
    return this.copy?.projects.get(name);
  }

  /** Returns all projects of this node's copy but `default`, in the order in which they were created. */
  projects(): readonly Project[] {
    return [...(this.copy?.projects.values() ?? [])];
  }

  /** Whether any key or project has limits. */
  get hasLimits(): boolean {
    return [...this.list(), ...this.projects()].some(
      ({ limits }) => limits !== undefined && Object.keys(limits).length > 0,
    );
  }

  /** Brings the copy up to date. It then has everything that was changed before this call. */
  refresh(): Promise<void> {
    return this.reads.read(accessDirectoryId, () => this.read());
  }

  /** Creates a key. Throws `Refusal`. */
  async create(wish: Omit<NewKey, 'id' | 'digest'>, by: Actor): Promise<ShownKey> {
    const { id, text } = newKeyText();
    const digest = digestOfKeyText(text);
    const created = await this.change(id, digest, (updateId) =>
      this.handle().executeUpdate(createKeyUpdate, { args: [{ ...wish, id, digest }, by], updateId }),
    );
    return { key: created, text };
  }

  /** Gives the key a new secret. The one before stays valid for `overlapMs`. Throws `Refusal`. */
  async rotate(id: string, overlapMs: number, by: Actor): Promise<ShownKey> {
    const { text } = newKeyText(id);
    const digest = digestOfKeyText(text);
    const rotated = await this.change(id, digest, (updateId) =>
      this.handle().executeUpdate(rotateKeyUpdate, { args: [{ id, digest, overlapMs }, by], updateId }),
    );
    return { key: rotated, text };
  }

  /** Replaces the limits of the key. Throws `Refusal`. */
  limitKey(id: string, limits: Limits, by: Actor): Promise<ApiKey> {
    return this.change(id, undefined, (updateId) =>
      this.handle().executeUpdate(limitKeyUpdate, { args: [id, limits, by], updateId }),
    );
  }

  /** Replaces the limits of the project. Throws `Refusal`. */
  limitProject(name: string, limits: Limits, by: Actor): Promise<Project> {
    return this.changeProject((updateId) =>
      this.handle().executeUpdate(limitProjectUpdate, { args: [name, limits, by], updateId }),
    );
  }

  /** Ends the key. Throws `Refusal`. */
  revoke(id: string, by: Actor): Promise<ApiKey> {
    return this.change(id, undefined, (updateId) =>
      this.handle().executeUpdate(revokeKeyUpdate, { args: [id, by], updateId }),
    );
  }

  /** Creates a project. Throws `Refusal`. */
  createProject(name: string, by: Actor): Promise<Project> {
    return this.changeProject((updateId) =>
      this.handle().executeUpdate(createProjectUpdate, { args: [name, by], updateId }),
    );
  }

  /** Closes a project for good. Throws `Refusal`. */
  closeProject(name: string, by: Actor): Promise<Project> {
    return this.changeProject((updateId) =>
      this.handle().executeUpdate(closeProjectUpdate, { args: [name, by], updateId }),
    );
  }

  private async start(
    state: AccessState,
    workflowIdReusePolicy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE',
  ): Promise<void> {
    const { client, taskQueue } = this.temporal;
    const memo: AccessMemo = { ...without(state, 'keys', 'projects'), revoked: [] };
    await rpc(this.temporal, rpcTimeoutMs.write, () =>
      client.workflow.start('accessDirectory' satisfies typeof accessDirectory.name, {
        workflowId: accessDirectoryId,
        taskQueue,
        args: [state, this.limits],
        memo: { ...memo },
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy,
        workflowTaskTimeout,
        staticSummary: 'The projects and API keys of this cluster',
      }),
    );
  }

  private async read(): Promise<void> {
    const asked = performance.now();
    const directory = await describeWorkflow(this.temporal, accessDirectoryId);
    if (directory?.status.name !== 'RUNNING') throw notRunning();
    const mark = `${directory.runId} ${directory.historyLength}`;
    if (this.copy?.mark === mark) {
      this.copy = { ...this.copy, readAt: asked };
      return;
    }
    const memo = (directory.memo ?? {}) as Partial<AccessMemo>;
    // Known before the query, which needs a worker.
    if (this.copy) this.adopt(this.copy, memo);
    // Then there is nothing to read. Every change sets `rotated`; an empty list would be no sign, since Temporal drops it.
    const isEmpty = !memo.everKeyed && memo.rotated === undefined;
    const state = isEmpty ? none : await this.query();
    const everKeyed = state.everKeyed || this.copy?.everKeyed === true; // For good: see `ensure`.
    const { earlierCallersUntil = 0, earlierCallers = [] } = memo;
    const earlier = { earlierCallersUntil, earlierCallers };
    this.copy = { ...mapsOf(state), everKeyed, ...earlier, mark, readAt: asked };
  }

  /** Applies what the memo says. The rest of the copy stays as old as it is. */
  private adopt(copy: Copy, memo: Partial<AccessMemo>): void {
    const { everKeyed = false, revoked = [], closed = [] } = memo;
    const keys = new Map([...copy.keys].map(([id, key]) => [id, withoutRotated(key, memo)]));
    for (const id of revoked) {
      const key = keys.get(id);
      if (key) keys.set(id, { ...key, revokedAt: key.revokedAt ?? 0 });
    }
    const projects = new Map(copy.projects);
    for (const name of closed) {
      const project = projects.get(name);
      if (project) projects.set(name, { ...project, closedAt: project.closedAt ?? 0 });
    }
    this.copy = { ...copy, keys, projects, everKeyed: copy.everKeyed || everKeyed };
  }

  private query(): Promise<AccessState> {
    return rpc(this.temporal, rpcTimeoutMs.read, () => this.handle().query(readAccessQuery));
  }

  /**
   * Sends a change of the key `id`, and applies it to this node's copy. If no answer comes, looks whether the key has the secret
   * with this digest: nobody but this request knows its text.
   */
  private async change(
    id: string,
    digest: string | undefined,
    send: (updateId: string) => Promise<ApiKey>,
  ): Promise<ApiKey> {
    const changed = await this.send(send).catch(async (error: unknown) => {
      if (digest === undefined || !isUnanswered(error)) throw error;
      await this.refresh();
      const key = this.lookup(id);
      if (key?.secrets.at(-1)?.digest !== digest) throw error;
      return key;
    });
    if (this.copy)
      this.copy = { ...this.copy, keys: new Map(this.copy.keys).set(id, changed), everKeyed: true, mark: '' };
    return changed;
  }

  private async changeProject(send: (updateId: string) => Promise<Project>): Promise<Project> {
    const changed = await this.send(send);
    const { copy } = this;
    if (copy) this.copy = { ...copy, projects: new Map(copy.projects).set(changed.name, changed), mark: '' };
    return changed;
  }

  /** Sends an update. Throws `Refusal`. */
  private async send<T>(send: (updateId: string) => Promise<T>): Promise<T> {
    const updateId = randomUUID();
    try {
      return await this.updateLimit.run(accessDirectoryId, () =>
        rpc(this.temporal, rpcTimeoutMs.write, () => sendUpdate(() => send(updateId))),
      );
    } catch (error) {
      throw isNotFound(error) ? notRunning(error) : error;
    }
  }

  private handle() {
    return this.temporal.client.workflow.getHandle(accessDirectoryId);
  }
}

function notRunning(cause?: unknown): Refusal {
  const why = `The workflow ${accessDirectoryId}, which holds the API keys, does not run: see docs/security.md`;
  return new Refusal('temporal_unavailable', why, { retryAfterSeconds: 30, cause });
}

function mapsOf({ keys, projects = [] }: AccessState): Pick<Copy, 'keys' | 'projects'> {
  return {
    keys: new Map(keys.map((key) => [key.id, key])),
    projects: new Map(projects.map((project) => [project.name, project])),
  };
}
