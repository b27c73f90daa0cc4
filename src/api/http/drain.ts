import type { Response } from 'express';

/** The state of the drain, and the number of open requests. node/drain-node.ts determines in which order a node drains. */
export class Drain {
  private readonly started = new AbortController();
  private readonly released = new AbortController();
  private open = 0;
  private readonly idleWaiters = new Set<() => void>();

  get draining(): boolean {
    return this.started.signal.aborted;
  }

  /** Aborts when the node begins to drain. Streams of events then end, so that their clients connect to another node. */
  get begun(): AbortSignal {
    return this.started.signal;
  }

  /** Aborts when requests that wait for a call must be answered with 202 and Location. */
  get waitersReleased(): AbortSignal {
    return this.released.signal;
  }

  /** Counts a request as open until its response has ended. */
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

  /** Resolves when no request is open. */
  async idle(): Promise<void> {
    if (this.open === 0) return;
    await new Promise<void>((resolve) => this.idleWaiters.add(resolve));
  }
}
