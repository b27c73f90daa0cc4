/**
 * Makes the keys of data that a process keeps in memory: caches, coalesced reads, shared watches, open requests. Data with the
 * same key is the same. If a session or call will be identified by more than its id, such as an owner, add that here and in
 * ids.ts.
 */

/** The key of a call. Holdfast makes the ids of calls and batches itself (hashed-ids.ts), so they are unique. */
export const callKey = (callId: string): string => callId;
export const batchKey = (batchId: string): string => batchId;
/** The key of a session. Callers choose the ids of sessions. */
export const sessionKey = (sessionId: string): string => sessionId;

/**
 * The key of a request to one agent. It includes the run, because a call that was deleted and accepted again has the same id
 * but another run.
 */
export function requestKey(request: {
  readonly callId: string;
  readonly runId: string;
  readonly agent: string;
}): string {
  return JSON.stringify([request.callId, request.runId, request.agent]);
}

/** The key of the first try of one agent within a run of a call. */
export function firstTryKey(runId: string, agent: string): string {
  return JSON.stringify([runId, agent]);
}

/** The key of the outcome of one agent in one call. */
export function outcomeKey({ callId, agent }: { readonly callId: string; readonly agent: string }): string {
  return JSON.stringify([callId, agent]);
}

/** The key of what one run of a call reports: the run, what is reported, and about which agent. */
export function reportKey(report: readonly string[]): string {
  return JSON.stringify(report);
}

/** The key of a live list of calls. The order of the members does not matter. */
export function callListKey({ search, wish }: { readonly search: object; readonly wish: object }): string {
  const inOrder = (members: object) => Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([inOrder(search), inOrder(wish)]);
}

/** The key of one page of a query for calls. */
export function callPageKey(query: string, limit: number, cursor: string | undefined): string {
  return JSON.stringify([query, limit, cursor]);
}

/** The key of one run of a call: a call that was deleted and accepted again has the same id but another run. */
export function runKey({ callId, runId }: { readonly callId: string; readonly runId: string }): string {
  return JSON.stringify([callId, runId]);
}
