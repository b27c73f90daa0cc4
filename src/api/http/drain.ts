import type { Response } from 'express';

/** A node that stops: it takes nothing new, and lets go of its waiters before its time is over. */
export class Drain {
  private readonly started = new AbortController();
  private readonly released = new AbortController();
  private open = 0;
  private readonly idleWaiters = new Set<() => void>();

  get draining(): boolean {
    return this.started.signal.aborted;
  }

  /** Aborts when the node begins to stop: streams end then, for their viewers to go on elsewhere. */
  get begun(): AbortSignal {
    return this.started.signal;
  }

  /** Aborts when waiting requests are to answer 202 with Location instead of waiting on. */
  get waitersReleased(): AbortSignal {
    return this.released.signal;
  }

  /** Counts a request as open until its response is over. */
  track(response: Response): void {
    this.open += 1;
    response.once('close', () => {
      this.open -= 1;
      if (this.open === 0) for (const resolve of this.idleWaiters) resolve();
    });
  }

  begin(): void {
    this.started.abort();
  }

  releaseWaiters(): void {
    this.released.abort();
  }

  /** Resolves once no request is open. */
  async idle(): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>((resolve) => this.idleWaiters.add(resolve));
  }
}
