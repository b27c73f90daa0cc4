/**
 * Finds API keys in a node's copy of the directory, and decides what holds while the copy cannot be brought up to date: keys
 * that it knows go on for a while, and only Temporal can say that a key does not exist.
 */
import { hasSecret, stateOf, type ApiKey } from '../../domain/api-key.ts';
import { defaultProject } from '../../domain/project.ts';
import type { Access } from './access.ts';

/** The part of the directory's copy that this file uses. */
export type KeyCopy = Pick<Access, 'everKeyed' | 'ageMs' | 'lookup' | 'project' | 'refresh'>;

/** What is known of a key that came with a request. */
export type FoundKey =
  | { readonly state: 'valid'; readonly key: ApiKey }
  | { readonly state: 'expired' | 'revoked' | 'of a closed project' | 'unknown' | 'known by another secret' };

export class KnownKeys {
  private readonly copy: KeyCopy;
  private readonly now: () => number;
  private readonly offlineMs: number;

  /** `offlineMs` is how long keys go on while Temporal cannot be reached. */
  constructor(copy: KeyCopy, now: () => number, offlineMs: number) {
    this.copy = copy;
    this.now = now;
    this.offlineMs = offlineMs;
  }

  /** Looks for the key with this secret. Throws the refusal `temporal_unavailable` if only Temporal could say what it is. */
  async find(id: string, digest: string): Promise<FoundKey> {
    const known = this.known(id, digest);
    // A key that has ended does not come back. One that is not known may have just been created at another node.
    if (known.state !== 'valid' && known.state !== 'unknown') return known;
    if (known.state === 'valid' && !this.isStale) return known;
    await this.copy.refresh();
    return this.known(id, digest);
  }

  /** Whether a key was ever created. Throws the refusal `temporal_unavailable` if only Temporal could say that. */
  async everKeyed(): Promise<boolean> {
    if (this.copy.everKeyed !== true && this.isStale) await this.copy.refresh();
    return this.copy.everKeyed === true;
  }

  /** Whether a response may go on that was asked for with this secret; without one, at a node without keys. */
  mayGoOn(secret: { readonly id: string; readonly digest: string } | undefined): boolean {
    if (!secret) return this.copy.everKeyed !== true;
    return !this.isStale && this.known(secret.id, secret.digest).state === 'valid';
  }

  /**
   * Returns whether a project takes requests of people, who belong to it without a key. Throws the refusal
   * `temporal_unavailable` if only Temporal could say that.
   */
  async stateOfProject(name: string): Promise<'open' | 'closed' | 'unknown'> {
    if (name === defaultProject) return 'open';
    if (!this.copy.project(name) || this.isStale) await this.copy.refresh();
    const project = this.copy.project(name);
    if (!project) return 'unknown';
    return project.closedAt === undefined ? 'open' : 'closed';
  }

  /** Whether a response may go on that a person of the project has asked for. */
  mayGoOnIn(name: string): boolean {
    const project = this.copy.project(name);
    return (
      name === defaultProject || (!this.isStale && project !== undefined && project.closedAt === undefined)
    );
  }

  private known(id: string, digest: string): FoundKey {
    const key = this.copy.lookup(id);
    const now = this.now();
    if (!key) return { state: 'unknown' };
    if (!hasSecret(key, digest, now)) return { state: 'known by another secret' };
    const state = stateOf(key, now);
    if (state !== 'valid') return { state };
    const isClosed = key.project !== undefined && this.copy.project(key.project)?.closedAt !== undefined;
    return isClosed ? { state: 'of a closed project' } : { state, key };
  }

  private get isStale(): boolean {
    return this.copy.ageMs > this.offlineMs;
  }
}
