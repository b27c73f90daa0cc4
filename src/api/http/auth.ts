/** Finds out who sent a request, and what they may do. */
import { isIP } from 'node:net';
import type { Request } from 'express';
import { allows, type Scope } from '../../domain/api-key.ts';
import type { Actor } from '../../domain/access-book.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Rights } from '../../domain/group-map.ts';
import type { Limits } from '../../domain/limits.ts';
import type { PersonActor } from '../../domain/person.ts';
import { allProjects, defaultProject } from '../../domain/project.ts';
import { digestOfKeyText } from '../../domain/key-text.ts';
import type { Config } from '../../platform/config.ts';
import { requireCsrfToken, type DeskCookies, type DeskSignIn } from './desk-cookie.ts';
import type { KeyCheck, OfferedKey, ValidKey } from './key-check.ts';
import type { PeopleCheck, OfferedPerson } from './people-check.ts';
import { refuseOtherSites } from './refuse-other-sites.ts';

/** The sender of a request. */
export interface Principal {
  readonly actor: Actor | PersonActor;
  readonly scopes: readonly Scope[];
  /** The project of the key or of the person's groups. Those with the scope admin may name another one. */
  readonly project: string;
  /** The limits of the key. Absent: none. */
  readonly limits?: Limits | undefined;
  /** Patterns of the agents that the sender may call. Absent: all agents. */
  readonly agents?: readonly string[] | undefined;
  /** Set if the request came with the desk's cookie. */
  readonly signIn?: DeskSignIn;
  /** When the token ends that was shown (epoch ms). Set for bearer tokens of people. */
  readonly until?: number;
}

/** The sender of a request to an endpoint that needs no key. */
export const nobody: Principal = { actor: { kind: 'open' }, scopes: [], project: defaultProject };

/** Refuses a sender whose key lacks the scope. */
export function requireScope({ actor, scopes }: Principal, needed: Scope): void {
  if (allows(scopes, needed)) return;
  const has = scopes.map((one) => `'${one}'`).join(', ');
  throw new Refusal(
    'scope_missing',
    actor.kind === 'person'
      ? `This needs the scope '${needed}', and your groups have ${has}: ask who runs this node`
      : `This needs the scope '${needed}', and the API key${actor.kind === 'key' ? ` '${actor.id}'` : ''} has ${has}: use a key that has it`,
  );
}

/** Returns who the sender is, for people to read. */
export function nameOfActor({ actor }: Principal): string {
  switch (actor.kind) {
    case 'person':
      return actor.name;
    case 'key':
      return `key ${actor.id}`;
    case 'bootstrap':
      return 'a key of HOLDFAST_API_KEYS';
    case 'open':
      return 'somebody on the machine of the node';
  }
}

/** Returns the project whose agents the sender sees; `*`, i.e. all, with the scope admin. */
export function agentsProject({ scopes, project }: Principal): string {
  return allows(scopes, 'admin') ? allProjects : project;
}

/** Returns the sender of a request. Throws `Refusal` if the request is not authorised. */
export type Authenticate = (request: Request) => Promise<Principal>;

type Settings = Pick<Config, 'host' | 'publicOrigins'>;

const all: readonly Scope[] = ['admin'];

/**
 * Creates the check of who sends a request. A key comes as a Bearer token, as the password of Basic, or by the desk's cookie,
 * which counts only without the header Authorization. It is one of HOLDFAST_API_KEYS, which may do everything, or one of the
 * directory's. People come with a Bearer token of their issuer, or by the cookie; `people` is undefined without an issuer.
 * Without any key or issuer, everyone on this machine may do everything.
 */
export function createAuthenticate(
  { host, publicOrigins }: Settings,
  keys: KeyCheck,
  people: PeopleCheck | undefined,
  cookies: DeskCookies,
): Authenticate {
  const recognise = async (header: string): Promise<OfferedKey | OfferedPerson | undefined> => {
    const { key, token } = offered(header);
    return keys.recognise(key) ?? (await people?.recognise(token));
  };
  const require = async (shown: OfferedKey | OfferedPerson): Promise<Principal> => {
    if (shown.kind !== 'person') return principalOf(await keys.require(shown));
    if (!people) throw new Refusal('unauthorized', 'This node has no issuer for people: sign in with a key');
    return personPrincipal(shown, await people.require(shown));
  };
  return async (request) => {
    refuseOtherSites(request, publicOrigins);
    const { authorization } = request.headers;
    const signIn = authorization === undefined ? cookies.read(request) : undefined;
    const shown = signIn?.shown ?? (await recognise(authorization ?? ''));
    // A cookie may be left of an earlier cluster; at an open node it must not be worse than none.
    if (shown && (!signIn || (await keys.areNeeded()))) {
      const principal = await require(shown);
      if (!signIn) return principal;
      requireCsrfToken(request, signIn);
      return { ...principal, signIn };
    }
    if (await keys.areNeeded()) throw unauthorized('No valid API key came with the request');
    refuseForeignHost(request, host);
    return { actor: { kind: 'open' }, scopes: all, project: defaultProject };
  };
}

/** Returns how the caller was called who used one of HOLDFAST_API_KEYS before projects existed. */
export function earlierCallerOf(apiKey: string): string {
  return digestOfKeyText(apiKey).slice(0, 16);
}

export function principalOf(valid: ValidKey): Principal {
  if (valid.kind === 'bootstrap')
    return { actor: { kind: 'bootstrap' }, scopes: all, project: defaultProject };
  const { scopes, agents, limits, project = defaultProject } = valid.key;
  return { actor: valid.actor, scopes, agents, limits, project };
}

export function personPrincipal(
  { subject, name, until }: OfferedPerson,
  { project, scopes }: Rights,
): Principal {
  return {
    actor: { kind: 'person', subject, name },
    scopes,
    project,
    ...(until !== undefined && { until }),
  };
}

/**
 * Returns as whom the directory knows the sender of a change of keys or projects. Only facades know what the groups of people
 * may do, so there a person whom they let through is like one of HOLDFAST_API_KEYS.
 */
export function actorOf({ actor }: Principal): Actor {
  return actor.kind === 'person' ? { kind: 'bootstrap' } : actor;
}

function unauthorized(why: string): Refusal {
  return new Refusal(
    'unauthorized',
    `${why}: send one as "Authorization: Bearer <key>" (a browser: as the password)`,
  );
}

/** What the header may be: a key, or the token of a person, which comes only as Bearer. */
function offered(header: string): { readonly key: string; readonly token: string } {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +([^ ]+) *$/i.exec(header) ?? [];
  if (scheme.toLowerCase() !== 'basic') return { key: value, token: value };
  const userAndPassword = Buffer.from(value, 'base64').toString();
  return { key: userAndPassword.slice(userAndPassword.indexOf(':') + 1), token: '' };
}

/** The refusal of a request that an open node would take under another name. */
export class ForeignHost extends Refusal {}

/**
 * Without API keys, refuses a request whose Host is not a name of this machine. This protects against DNS rebinding, where a
 * foreign name resolves to this machine.
 */
function refuseForeignHost(request: Request, ownHost: string): void {
  // Undefined if the request has no Host, although Express's types say otherwise.
  const name = ((request.hostname as string | undefined) ?? '').replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name === ownHost || isIP(name) !== 0) return;
  throw new ForeignHost(
    'unauthorized',
    `This node has no API keys, so it answers only to localhost, its HOLDFAST_HOST and IP addresses, not to '${name}': use one of these, or create a key with: holdfast keys create`,
  );
}
