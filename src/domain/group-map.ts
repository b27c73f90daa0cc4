/**
 * The setting HOLDFAST_OIDC_GROUPS, e.g. `admins=admin; support=crm:read,operate`. It maps groups to projects and scopes. The
 * tokens of the OpenID Connect issuer say which groups a person is in.
 */
import { scopes, type Scope } from './api-key.ts';
import { sizeAsJson } from './json-bytes.ts';
import { defaultProject, projectName } from './project.ts';

/** Who is in the group has the scopes in the project. */
export interface GroupEntry {
  readonly group: string;
  readonly project: string;
  readonly scopes: readonly Scope[];
}

/** In the order of the setting. */
export type GroupMap = readonly GroupEntry[];

export interface Rights {
  readonly project: string;
  readonly scopes: readonly Scope[];
}

const maxEntries = 200;
const maxGroupLength = 255;
/** A person's groups are kept in a cookie, which may have 4 KiB. */
const maxBytes = 1_500;

/** Parses the setting. Throws an `Error` that names the entry and says what is wrong with it. */
export function parseGroupMap(text: string): GroupMap {
  const parts = text.split(';');
  if (parts.length > maxEntries)
    throw new Error(`takes at most ${maxEntries} groups, and has ${parts.length}`);
  const map = parts.map((part, at) => parseEntry(part.trim(), `entry ${at + 1} ('${shown(part.trim())}')`));
  for (const [at, { group, project }] of map.entries())
    if (map.slice(0, at).some((earlier) => earlier.group === group && earlier.project === project))
      throw new Error(
        `entry ${at + 1}: the group '${group}' has scopes in the project '${project}' already: name them in one entry`,
      );
  return map;
}

/**
 * Returns what a person of these groups may do: the first entry whose group they have decides the project, and the scopes of
 * all their entries of that project add up. Undefined if the map has none of the groups.
 */
export function rightsOf(map: GroupMap, groups: readonly string[]): Rights | undefined {
  const own = map.filter(({ group }) => groups.includes(group));
  const [first] = own;
  if (!first) return undefined;
  const granted = own.filter(({ project }) => project === first.project).flatMap((entry) => entry.scopes);
  return { project: first.project, scopes: scopes.filter((one) => granted.includes(one)) };
}

/**
 * Returns the groups that the map has, each once, in the map's order: what is kept of a person who signs in. There are as many
 * as fit in a cookie; the last ones are left out.
 */
export function groupsInMap(map: GroupMap, groups: readonly string[]): readonly string[] {
  const own = [...new Set(map.map(({ group }) => group))].filter((group) => groups.includes(group));
  while (sizeAsJson(own) > maxBytes) own.pop();
  return own;
}

/** Names of groups may have `=` and `,`, as in directories: the last `=` ends the name. */
function parseEntry(text: string, where: string): GroupEntry {
  const equals = text.lastIndexOf('=');
  const [group, rest] = [text.slice(0, Math.max(0, equals)).trim(), text.slice(equals + 1)];
  if (equals < 0 || group === '')
    throw new Error(`${where}: takes group=scope,scope or group=project:scope,scope`);
  if (group.length > maxGroupLength || /[\p{Cc}\p{Cs}]/u.test(group))
    throw new Error(`${where}: a group has at most ${maxGroupLength} characters, and no control characters`);
  const colon = rest.indexOf(':');
  const project = colon < 0 ? defaultProject : rest.slice(0, colon).trim();
  if (!projectName.test(project)) throw new Error(`${where}: '${shown(project)}' is not a project's name`);
  const names = rest.slice(colon + 1).split(',');
  return { group, project, scopes: [...new Set(names.map((name) => parseScope(name.trim(), where)))] };
}

function parseScope(name: string, where: string): Scope {
  const scope = scopes.find((one) => one === name);
  if (!scope) throw new Error(`${where}: '${shown(name)}' is not a scope: ${scopes.join(', ')}`);
  return scope;
}

function shown(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
