/** One slot per half-open agent: the call that holds it probes the agent. The node's other calls ask the agent last. */
export class ProbeSlots {
  private readonly cooldownMs: number;
  /** The taken slots, by agent. A slot that is not given back is free again after the cooldown. */
  private readonly taken = new Map<string, { readonly callId: string; readonly until: number }>();

  constructor(cooldownMs: number) {
    this.cooldownMs = cooldownMs;
  }

  isTaken(agent: string): boolean {
    return (this.taken.get(agent)?.until ?? 0) > Date.now();
  }

  take(agent: string, callId: string): void {
    this.taken.set(agent, { callId, until: Date.now() + this.cooldownMs });
  }

  free(agent: string): void {
    this.taken.delete(agent);
  }

  /** Frees the agent's slot if this call still holds it. */
  giveBack(agent: string, callId: string): void {
    if (this.taken.get(agent)?.callId === callId) this.taken.delete(agent);
  }

  /** Frees all slots of this call. */
  freeOf(callId: string): void {
    for (const [agent, slot] of this.taken) if (slot.callId === callId) this.taken.delete(agent);
  }
}
