/** How many calls this node has started that have not ended as far as it knows: its load, for admission. */
export class CallsInFlight {
  private readonly forgetAt = new Map<string, number>();

  get size(): number {
    return this.forgetAt.size;
  }

  /** A call that ends on another node is forgotten once it is surely over. */
  add(callId: string, surelyOverAt: number): void {
    this.forgetAt.set(callId, surelyOverAt);
  }

  done(callId: string): void {
    this.forgetAt.delete(callId);
  }

  sweep(nowMs: number): void {
    for (const [callId, at] of this.forgetAt) if (at <= nowMs) this.forgetAt.delete(callId);
  }
}
