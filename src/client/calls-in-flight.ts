/** How many calls this node has started that have not ended as far as it knows: its load, for admission. */
export class CallsInFlight {
  private readonly calls = new Map<string, { readonly agent: string; readonly forgetAt: number }>();
  private readonly byAgent = new Map<string, number>();

  get size(): number {
    return this.calls.size;
  }

  has(callId: string): boolean {
    return this.calls.has(callId);
  }

  /** Of calls that asked for this agent. */
  ofAgent(agent: string): number {
    return this.byAgent.get(agent) ?? 0;
  }

  /** A call that ends on another node is forgotten once it is surely over. */
  add(callId: string, agent: string, surelyOverAt: number): void {
    this.done(callId);
    this.calls.set(callId, { agent, forgetAt: surelyOverAt });
    this.byAgent.set(agent, this.ofAgent(agent) + 1);
  }

  done(callId: string): void {
    const call = this.calls.get(callId);
    if (!call) return;
    this.calls.delete(callId);
    const left = this.ofAgent(call.agent) - 1;
    if (left > 0) this.byAgent.set(call.agent, left);
    else this.byAgent.delete(call.agent);
  }

  sweep(nowMs: number): void {
    for (const [callId, { forgetAt }] of this.calls) if (forgetAt <= nowMs) this.done(callId);
  }
}
