/**
 * Counts the calls of this process that wait for their session's turn. Each reports itself at least every 10 s (workflows/turn.ts),
 * so one that another worker has taken over is forgotten here soon.
 */
export class QueuedTurns {
  private readonly reportedAt = new Map<string, number>();

  /** How long a report counts, in ms. */
  private readonly countsForMs = 25_000;

  get size(): number {
    const oldest = performance.now() - this.countsForMs;
    for (const [callId, at] of this.reportedAt) if (at < oldest) this.reportedAt.delete(callId);
    return this.reportedAt.size;
  }

  waits(callId: string): void {
    this.reportedAt.set(callId, performance.now());
  }

  ended(callId: string): void {
    this.reportedAt.delete(callId);
  }
}
