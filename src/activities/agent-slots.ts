/** How many requests this process may have open to one agent at a time (`max_concurrency`); others wait in line. */
export class AgentSlots {
  private readonly lines = new Map<string, { open: number; readonly waiting: Set<() => void> }>();

  /** Resolves with how to give the slot back. Throws the signal's reason if that aborts first. */
  async take(agent: string, max: number | undefined, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (max === undefined) return () => undefined;
    const line = this.lines.get(agent) ?? { open: 0, waiting: new Set() };
    this.lines.set(agent, line);
    while (line.open >= max) await nextInLine(line.waiting, signal);
    line.open += 1;
    return () => {
      line.open -= 1;
      const [next] = line.waiting;
      next?.();
      if (line.open === 0 && line.waiting.size === 0) this.lines.delete(agent);
    };
  }
}

/** Resolves when it is this one's turn to look again; throws the signal's reason if that aborts first. */
function nextInLine(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.delete(wake);
      signal.removeEventListener('abort', giveUp);
    };
    const wake = (): void => {
      leave();
      resolve();
    };
    const giveUp = (): void => {
      leave();
      reject(signal.reason as Error);
    };
    waiting.add(wake);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
