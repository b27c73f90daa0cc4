import type { SessionState } from './session.ts';

/** Beyond so many, every failure counts as one whose rerun has answered: its reset will not. */
const max = 500;

/** Calls whose reruns answered before they had left anything in the session themselves. */
export class OvertakenCalls {
  private readonly callIds: Set<string>;

  constructor(callIds: readonly string[] = []) {
    this.callIds = new Set(callIds);
  }

  has(callId: string): boolean {
    return this.callIds.has(callId) || this.callIds.size >= max;
  }

  add(callId: string): void {
    if (this.callIds.size < max) this.callIds.add(callId);
  }

  /** For continue-as-new. */
  state(): Pick<SessionState, 'overtakenCallIds'> {
    return this.callIds.size > 0 ? { overtakenCallIds: [...this.callIds] } : {};
  }
}
