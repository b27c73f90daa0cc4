/** The asks that this process has open, by call id: what a cancelled call's sink aborts and a drain waits for. */
export class AsksInFlight {
  private readonly controllers = new Map<string, Set<AbortController>>();
  private open = 0;
  private readonly idleWaiters = new Set<() => void>();

  get size(): number {
    return this.open;
  }

  add(callId: string): { controller: AbortController; done: () => void } {
    const controller = new AbortController();
    const ofCall = this.controllers.get(callId) ?? new Set();
    this.controllers.set(callId, ofCall.add(controller));
    this.open += 1;
    const done = (): void => {
      if (!ofCall.delete(controller)) return;
      if (ofCall.size === 0) this.controllers.delete(callId);
      this.open -= 1;
      if (this.open > 0) return;
      for (const resolve of this.idleWaiters) resolve();
      this.idleWaiters.clear();
    };
    return { controller, done };
  }

  /** Closes the sockets of a call's asks. */
  abort(callId: string, reason: Error): void {
    for (const controller of this.controllers.get(callId) ?? []) controller.abort(reason);
  }

  /** Resolves once no ask is open. */
  async idle(): Promise<void> {
    if (this.open > 0) await new Promise<void>((resolve) => this.idleWaiters.add(resolve));
  }
}
