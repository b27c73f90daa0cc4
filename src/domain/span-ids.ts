/**
 * Makes the ids of spans that several processes must agree on (ADR 0038): they derive from the run of the call, so a worker
 * that takes a call over knows the ids that a dead worker has sent to an agent. Workflow code cannot use this file.
 */
import { createHash } from 'node:crypto';

/** The id of the span of a call as a whole. */
export function callSpanId(runId: string): string {
  return spanId(['call', runId]);
}

/** The id of the span of one try. Tries of one agent are numbered from 1, as in the call's record. */
export function trySpanId(runId: string, agent: string, tryNumber: number): string {
  return spanId(['try', runId, agent, tryNumber]);
}

/** 64 bits in hex. All zeros, which would be invalid, do not occur in practice. */
function spanId(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
