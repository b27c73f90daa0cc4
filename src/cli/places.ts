/** Where the API has what is named by its users: as a part of the path, or by `?id=` where that cannot be. */
import type { Query } from './http.ts';

interface Place {
  readonly path: string;
  readonly query: Query;
}

/** `GET /sessions/export` is the export. */
export const sessionAt = (id: string): Place => placeOf('/sessions', id, 'export');
export const agentAt = (name: string): Place => placeOf('/agents', name);
export const healthAt = (name: string): Place => placeOf('/health', name);

function placeOf(collection: string, id: string, taken?: string): Place {
  // Clients and proxies drop dot segments, percent-encoded too.
  if (id === '.' || id === '..' || id === taken) return { path: collection, query: { id } };
  return { path: `${collection}/${encodeURIComponent(id)}`, query: {} };
}
