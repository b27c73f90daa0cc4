/**
 * The state of the access directory (workflows/access-directory.ts): the cluster's projects and API keys, and who may change
 * them.
 */
import { allows, hasSecret, stateOf, type ApiKey } from './api-key.ts';
import type { OtherRefusalType } from './failures.ts';
import type { Limits } from './limits.ts';
import { defaultProject, type Project } from './project.ts';
import { sizeAsJson } from './json-bytes.ts';

/** The most bytes of all keys together. It keeps the state well below Temporal's limit of 2 MiB for a payload. */
const maxBytes = 1024 * 1024;

export interface AccessState {
  /** In the order in which they were created. */
  readonly keys: readonly ApiKey[];
  /** Whether a key was ever created. Without one, nodes on loopback need none. */
  readonly everKeyed: boolean;
  /** In the order in which they were created, without `default`. Absent in states from before there were projects. */
  readonly projects?: readonly Project[];
  /**
   * Until then (epoch ms) there may be calls that were started before Idempotency-Keys belonged to projects: see
   * api/calls/idempotency.ts. Absent if there are none.
   */
  readonly earlierCallersUntil?: number;
  /** Those callers, as far as the node knew that started the directory. */
  readonly earlierCallers?: readonly string[];
}

/**
 * Who asks for a change. `open`: somebody without a key, at a node that needs none. `bootstrap`: one of HOLDFAST_API_KEYS.
 * `key`: somebody with the key `id` who showed the secret with this digest.
 */
export type Actor = { readonly kind: 'open' } | { readonly kind: 'bootstrap' } | KeyActor;
export interface KeyActor {
  readonly kind: 'key';
  readonly id: string;
  readonly digest: string;
}

/** A key before the directory has it, which sets the time. */
export type NewKey = Omit<ApiKey, 'createdAt' | 'revokedAt' | 'secrets'> & { readonly digest: string };

/** What facades must learn even while no worker answers their queries, so it is in the memo of the workflow. */
export interface AccessMemo {
  readonly everKeyed: boolean;
  /** Ids of the keys that were revoked. */
  readonly revoked: readonly string[];
  /** By the id of each rotated key: the first hex digits of the digests of its valid secrets. It has no others. */
  readonly rotated?: Readonly<Record<string, readonly string[]>>;
  /** Names of the projects that were closed. */
  readonly closed?: readonly string[];
  readonly earlierCallersUntil?: number;
  readonly earlierCallers?: readonly string[];
}

/** So much of a digest, in hex digits, is in the memo. */
const digestPrefix = 16;

/** Returns the key without the secrets that the memo does not have. */
export function withoutRotated(key: ApiKey, { rotated = {} }: Partial<AccessMemo>): ApiKey {
  const left = rotated[key.id];
  if (!left) return key;
  return {
    ...key,
    secrets: key.secrets.filter(({ digest }) => left.includes(digest.slice(0, digestPrefix))),
  };
}

/** The bounds of what the directory holds. */
export interface AccessLimits {
  readonly maxKeys: number;
  /** Absent if the directory was started before there were projects. */
  readonly maxProjects?: number;
}

/** Why a change is refused. */
export interface Refused {
  readonly type: OtherRefusalType;
  readonly detail: string;
}

export class AccessBook {
  private readonly keys: Map<string, ApiKey>;
  private readonly projects: Map<string, Project>;
  private readonly maxKeys: number;
  private readonly maxProjects: number;
  private readonly earlier: Pick<AccessState, 'earlierCallersUntil' | 'earlierCallers'>;
  private everKeyed: boolean;

  constructor(
    { keys, everKeyed, projects = [], ...earlier }: AccessState,
    { maxKeys, maxProjects = 200 }: AccessLimits,
  ) {
    this.earlier = earlier;
    this.projects = new Map(projects.map((project) => [project.name, project]));
    this.maxProjects = maxProjects;
    this.keys = new Map(keys.map((key) => [key.id, key]));
    this.everKeyed = everKeyed;
    this.maxKeys = maxKeys;
  }

  state(): AccessState {
    const { everKeyed, earlier } = this;
    const keys = [...this.keys.values()];
    return { keys, everKeyed, projects: [...this.projects.values()], ...earlier };
  }

  /** The facts for the memo; undefined as long as nothing was created. */
  memo(): AccessMemo | undefined {
    if (!this.everKeyed && this.projects.size === 0) return undefined;
    const keys = [...this.keys.values()];
    const revoked = keys.filter((key) => key.revokedAt !== undefined);
    const rotated = keys.filter((key) => key.rotatedAt !== undefined && key.revokedAt === undefined);
    const closed = [...this.projects.values()].filter((project) => project.closedAt !== undefined);
    return {
      everKeyed: this.everKeyed,
      revoked: revoked.map(({ id }) => id),
      rotated: Object.fromEntries(
        rotated.map(({ id, secrets }) => [id, secrets.map(({ digest }) => digest.slice(0, digestPrefix))]),
      ),
      closed: closed.map(({ name }) => name),
      ...this.earlier,
    };
  }

  refusalOfProject(name: string, by: Actor, now: number): Refused | undefined {
    const refused = this.refusalOf(by, now);
    if (refused) return refused;
    if (name === defaultProject || this.projects.has(name))
      return {
        type: 'project_exists',
        detail: `There is a project '${name}', or there was one: choose another name`,
      };
    if (this.projects.size >= this.maxProjects)
      return {
        type: 'projects_full',
        detail: `There are ${this.maxProjects} projects, the most there can be (HOLDFAST_MAX_PROJECTS)`,
      };
    return undefined;
  }

  createProject(name: string, now: number): Project {
    const created = { name, createdAt: now };
    this.projects.set(name, created);
    return created;
  }

  refusalOfClosing(name: string, by: Actor, now: number): Refused | undefined {
    const refused = this.refusalOf(by, now);
    if (refused) return refused;
    if (name === defaultProject)
      return { type: 'default_project', detail: `'${defaultProject}' cannot be closed` };
    if (!this.projects.has(name)) return noSuchProject(name);
    const left = this.validAdmins(now).filter((key) => key.project !== name);
    if (by.kind === 'key' && left.length === 0)
      return {
        type: 'last_admin_key',
        detail: `All keys with the scope admin belong to '${name}': create one of another project first, or close it with one of HOLDFAST_API_KEYS`,
      };
    return undefined;
  }

  /** Closes the project for good. Of one that was closed before, the time stays. */
  closeProject(name: string, now: number): Project {
    const project = this.mustHaveProject(name);
    const closed = { ...project, closedAt: project.closedAt ?? now };
    this.projects.set(name, closed);
    return closed;
  }

  refusalOfCreation(key: NewKey, by: Actor, now: number): Refused | undefined {
    const refused = this.refusalOf(by, now);
    if (refused) return refused;
    if (!this.everKeyed && by.kind === 'open' && !key.scopes.includes('admin'))
      return {
        type: 'first_key_not_admin',
        detail:
          "scopes: the first key must have 'admin', because from then on requests without a key are refused",
      };
    if (key.project !== undefined) {
      const project = this.projects.get(key.project);
      if (!project) return noSuchProject(key.project);
      if (project.closedAt !== undefined)
        return { type: 'project_closed', detail: `Project '${key.project}' is closed: choose another one` };
    }
    const valid = this.valid(now);
    if (valid.length >= this.maxKeys)
      return { type: 'keys_full', detail: `There are ${this.maxKeys} valid keys already: revoke one first` };
    if (sizeAsJson(valid) + sizeAsJson(key) > maxBytes)
      return {
        type: 'keys_full',
        detail: `All valid keys together would exceed ${maxBytes} bytes: use fewer or shorter patterns of agents`,
      };
    return undefined;
  }

  /** Adds a key, once. If there are too many, those that ended first are dropped. */
  create({ digest, ...key }: NewKey, now: number): ApiKey {
    const before = this.keys.get(key.id);
    if (before) return before; // The request was sent again.
    const created: ApiKey = { ...key, createdAt: now, secrets: [{ digest }] };
    this.everKeyed = true;
    this.keys.set(created.id, created);
    const ended = [...this.keys.values()]
      .filter((one) => stateOf(one, now) !== 'valid')
      .sort((a, b) => endOf(a) - endOf(b));
    const isFull = (): boolean =>
      this.keys.size > this.maxKeys || sizeAsJson([...this.keys.values()]) > maxBytes;
    for (let oldest = ended.shift(); oldest && isFull(); oldest = ended.shift()) this.keys.delete(oldest.id);
    return created;
  }

  /** Refuses a change of a key that does not exist or has ended. */
  refusalOfChange(id: string, by: Actor, now: number): Refused | undefined {
    const refused = this.refusalOf(by, now);
    if (refused) return refused;
    const key = this.keys.get(id);
    if (!key) return { type: 'key_not_found', detail: `Key '${id}' not found` };
    const state = stateOf(key, now);
    if (state !== 'valid') return { type: 'key_ended', detail: `Key '${id}' is ${state}` };
    return undefined;
  }

  /** Gives the key a new secret. The one before is valid until `overlapUntil` (epoch ms), older ones no longer. */
  rotate(id: string, digest: string, overlapUntil: number, now: number): ApiKey {
    const key = this.mustHave(id);
    if (key.secrets.at(-1)?.digest === digest) return key; // The request was sent again.
    const before = key.secrets.slice(-1).map((secret) => ({ ...secret, until: overlapUntil }));
    const secrets = [...(overlapUntil > now ? before : []), { digest }];
    return this.put({ ...key, rotatedAt: now, secrets });
  }

  /** Replaces the limits of a key. */
  limitKey(id: string, limits: Limits): ApiKey {
    return this.put({ ...this.mustHave(id), limits });
  }

  refusalOfProjectLimits(name: string, by: Actor, now: number): Refused | undefined {
    const refused = this.refusalOf(by, now);
    if (refused) return refused;
    if (name === defaultProject)
      return { type: 'default_project', detail: `'${defaultProject}' has no limits: limit its keys` };
    return this.projects.has(name) ? undefined : noSuchProject(name);
  }

  /** Replaces the limits of a project. */
  limitProject(name: string, limits: Limits): Project {
    const limited = { ...this.mustHaveProject(name), limits };
    this.projects.set(name, limited);
    return limited;
  }

  refusalOfRevocation(id: string, by: Actor, now: number): Refused | undefined {
    const refused = this.refusalOf(by, now);
    if (refused) return refused;
    const key = this.keys.get(id);
    if (!key) return { type: 'key_not_found', detail: `Key '${id}' not found` };
    const admins = this.validAdmins(now);
    if (by.kind === 'key' && admins.length === 1 && admins[0]?.id === id)
      return {
        type: 'last_admin_key',
        detail: `Key '${id}' is the last one with the scope admin: create another one first, or revoke it with one of HOLDFAST_API_KEYS`,
      };
    return undefined;
  }

  /** Ends the key. Of a key that was revoked before, the time stays. */
  revoke(id: string, now: number): ApiKey {
    const key = this.mustHave(id);
    return this.put({ ...key, revokedAt: key.revokedAt ?? now });
  }

  /** Refuses an actor who may no longer change keys: a facade learns of a revocation or rotation up to two seconds late. */
  private refusalOf(by: Actor, now: number): Refused | undefined {
    if (by.kind === 'bootstrap') return undefined;
    if (by.kind === 'open')
      return this.everKeyed ? { type: 'unauthorized', detail: 'There are keys now: send one' } : undefined;
    const key = this.keys.get(by.id);
    if (!key || !this.isValid(key, now) || !hasSecret(key, by.digest, now))
      return { type: 'unauthorized', detail: `Key '${by.id}' is no longer valid` };
    return allows(key.scopes, 'admin') ? undefined : { type: 'scope_missing', detail: 'The key lacks admin' };
  }

  private valid(now: number): ApiKey[] {
    return [...this.keys.values()].filter((key) => this.isValid(key, now));
  }

  private validAdmins(now: number): ApiKey[] {
    return this.valid(now).filter((key) => key.scopes.includes('admin'));
  }

  private isValid(key: ApiKey, now: number): boolean {
    const isClosed = key.project !== undefined && this.projects.get(key.project)?.closedAt !== undefined;
    return stateOf(key, now) === 'valid' && !isClosed;
  }

  private mustHave(id: string): ApiKey {
    const key = this.keys.get(id);
    if (!key) throw new Error(`No key ${id}`);
    return key;
  }

  private mustHaveProject(name: string): Project {
    const project = this.projects.get(name);
    if (!project) throw new Error(`No project ${name}`);
    return project;
  }

  private put(key: ApiKey): ApiKey {
    this.keys.set(key.id, key);
    return key;
  }
}

function noSuchProject(name: string): Refused {
  return { type: 'project_not_found', detail: `Project '${name}' does not exist` };
}

function endOf({ revokedAt, expiresAt }: ApiKey): number {
  return Math.min(revokedAt ?? Infinity, expiresAt ?? Infinity);
}
