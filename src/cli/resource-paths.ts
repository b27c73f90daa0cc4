/**
 * Makes the API paths of resources whose names users choose. The name is a path segment, or the query `?id=` if it cannot be a
 * path segment.
 */
import { CliError } from './errors.ts';
import type { Query } from './http.ts';

interface ResourcePath {
  readonly path: string;
  readonly query: Query;
}

/** Makes the path of a session. `GET /sessions/export` exports all sessions, so a session called `export` needs `?id=`. */
export const sessionPath = (id: string): ResourcePath => pathOf('/sessions', id, 'export');
/**
 * Makes the path of a session that is changed, or of something that belongs to it. Such a path takes no `?id=`, so a session
 * called `.` or `..` has none.
 */
export function sessionPartPath(id: string, part?: 'fork' | 'messages'): string {
  if (id === '.' || id === '..')
    throw new CliError('usage', "A session called '.' or '..' can only be shown and deleted");
  return `/sessions/${encodeURIComponent(id)}${part === undefined ? '' : `/${part}`}`;
}
export const agentPath = (name: string): ResourcePath => pathOf('/agents', name);
/** Makes the path of an action on an agent. Such a path takes no `?id=`, so an agent called `.` or `..` has none. */
export function agentActionPath(name: string, action: 'pause' | 'resume'): string {
  if (name === '.' || name === '..')
    throw new CliError(
      'usage',
      "An agent called '.' or '..' cannot be paused: its name cannot be part of a URL path",
    );
  return `/agents/${encodeURIComponent(name)}/${action}`;
}
export const healthPath = (name: string): ResourcePath => pathOf('/health', name);

/** Makes the path of a webhook, or of something below it. Ids of webhooks are made by the node, so each can be a path segment. */
export function webhookPath(id: string, ...below: readonly string[]): string {
  return ['/webhooks', ...[id, ...below].map(encodeURIComponent)].join('/');
}

function pathOf(collection: string, id: string, reserved?: string): ResourcePath {
  // Clients and proxies remove dot segments from paths, even percent-encoded ones.
  if (id === '.' || id === '..' || id === reserved) return { path: collection, query: { id } };
  return { path: `${collection}/${encodeURIComponent(id)}`, query: {} };
}
