/**
 * Keys of what a process keeps in memory: caches, coalesced reads, shared watches, open requests. Things of one key are
 * the same. If something besides the id is to identify a session or call, such as an owner, add it here and in ids.ts.
 */

/** Holdfast makes the ids of calls and batches itself (hashed-ids.ts), so they are unique. */
export const callKey = (callId: string): string => callId;
export const batchKey = (batchId: string): string => batchId;
/** Callers choose the ids of sessions. */
export const sessionKey = (sessionId: string): string => sessionId;

/** A request to one agent. A call that was deleted and accepted again has the same id but another run. */
export function requestKey(request: {
  readonly callId: string;
  readonly runId: string;
  readonly agent: string;
}): string {
  return JSON.stringify([request.callId, request.runId, request.agent]);
}

/** The first try of one agent within a run of a call. */
export function firstTryKey(runId: string, agent: string): string {
  return JSON.stringify([runId, agent]);
}

/** The outcome of one agent in one call. */
export function outcomeKey({ callId, agent }: { readonly callId: string; readonly agent: string }): string {
  return JSON.stringify([callId, agent]);
}

/** A live list of calls. The order of the filter's members does not matter. */
export function callListKey({ filter, limit }: { readonly filter: object; readonly limit: number }): string {
  return JSON.stringify([limit, Object.entries(filter).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** One page of a query for calls. */
export function callPageKey(query: string, limit: number, cursor: string | undefined): string {
  return JSON.stringify([query, limit, cursor]);
}
