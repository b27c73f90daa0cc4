/** API keys: what a key may do, and for how long. The text of a key is made and read in key-text.ts. */

import type { Limits } from './limits.ts';

/** What a key may do, by scope: the desk, the OpenAPI document and docs/security.md show these words. `admin` includes the others. */
export const scopeTable = {
  call: 'call agents and get the answers; append to, fork and configure sessions',
  read: 'read calls, sessions, batches, agents and health; follow events; export; what-if',
  operate:
    'cancel and rerun calls; batches; delete and import sessions; reset and probe agents; webhooks, which send content out',
  metrics: 'read /metrics of the nodes, and nothing else',
  admin: 'everything, in all projects; agents, keys, projects and nodes, too',
} as const;
export type Scope = keyof typeof scopeTable;
export const scopes = Object.keys(scopeTable) as [Scope, ...Scope[]];

/** One of the secrets with which a key is valid. A rotated key has two for a while. */
export interface KeySecret {
  /** SHA-256 of the key's text, in hex. The secret is random, so that a slow hash would add nothing. */
  readonly digest: string;
  /** Epoch ms. Absent for the secret that is valid as long as the key is. */
  readonly until?: number;
}

/** A key as the cluster keeps it. */
export interface ApiKey {
  /** Part of the key's text, and what lists show. Public. */
  readonly id: string;
  readonly name: string;
  /** What the key sees and makes belongs to this project. Absent: `default`. */
  readonly project?: string;
  readonly scopes: readonly Scope[];
  /** Patterns of the agents that the key may call: names, in which `*` stands for any characters. Absent: all agents. */
  readonly agents?: readonly string[];
  readonly limits?: Limits;
  /** Epoch ms, as the other times. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** When it got its newest secret. Absent if that is its first one. */
  readonly rotatedAt?: number;
  /** The newest secret is the last one. */
  readonly secrets: readonly KeySecret[];
}

export type KeyState = 'valid' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: ApiKey, now: number): KeyState {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'valid';
}

/** Whether the key has the secret with this digest, and that secret is still valid. */
export function hasSecret({ secrets }: ApiKey, digest: string, now: number): boolean {
  return secrets.some((one) => one.digest === digest && (one.until === undefined || one.until > now));
}

/** Whether a key with these scopes may do what needs `needed`. */
export function allows(granted: readonly Scope[], needed: Scope): boolean {
  return granted.includes(needed) || granted.includes('admin');
}

/** Whether a key with these patterns may call the agent. */
export function mayCall(patterns: readonly string[] | undefined, agent: string): boolean {
  return patterns === undefined || patterns.some((pattern) => matches(pattern, agent));
}

/** Matches piece by piece between the `*`, which takes time linear in the name for each piece. */
function matches(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return name === pattern;
  const first = pattern.slice(0, pattern.indexOf('*'));
  const last = pattern.slice(pattern.lastIndexOf('*') + 1);
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
