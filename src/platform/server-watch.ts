/** Notices when the Temporal server stops answering, and when it answers again. */
import type { NativeConnection } from '@temporalio/worker';
import { withTimeLimit } from '../lib/time-limit.ts';
import { every } from '../lib/every.ts';

const intervalMs = 500;
const answerWithinMs = 1_000;

export class ServerWatch {
  private readonly connection: NativeConnection;
  private awaySince: number | undefined;
  private availableSince = -Infinity;

  constructor(connection: NativeConnection) {
    this.connection = connection;
  }

  /** Returns how long the server has been available without interruption, in ms. 0 during an outage. */
  availableMs(): number {
    return this.awaySince === undefined ? performance.now() - this.availableSince : 0;
  }

  /**
   * Starts the watch. Calls `onBack` after each outage, with its length in ms. At that time the SDK's own retries are seconds
   * apart, so `onBack` should start work again that must not wait for them. Returns a function that stops the watch.
   */
  start(onBack: (awayMs: number) => void): () => Promise<void> {
    const check = async (): Promise<void> => {
      const askedAt = performance.now();
      if (!(await answers(this.connection))) {
        this.awaySince ??= askedAt;
        return;
      }
      const { awaySince } = this;
      this.awaySince = undefined;
      if (awaySince === undefined) return;
      this.availableSince = performance.now();
      onBack(this.availableSince - awaySince);
    };
    return every(intervalMs, check, () => undefined);
  }
}

function answers(connection: NativeConnection): Promise<boolean> {
  const answer = connection.workflowService.getSystemInfo({}).then(
    () => true,
    () => false,
  );
  return withTimeLimit(answer, answerWithinMs, () => false);
}
