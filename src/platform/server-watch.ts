/** Notices when the Temporal server stops answering, and when it answers again. */
import type { NativeConnection } from '@temporalio/worker';
import { withTimeLimit } from '../lib/time-limit.ts';
import { every } from '../lib/every.ts';

const intervalMs = 500;
const patienceMs = 1_000;

export class ServerWatch {
  private readonly connection: NativeConnection;
  private awaySince: number | undefined;
  private availableSince = -Infinity;

  constructor(connection: NativeConnection) {
    this.connection = connection;
  }

  /** How long the server has been available without a break, in ms. 0 while it is not. */
  availableMs(): number {
    return this.awaySince === undefined ? performance.now() - this.availableSince : 0;
  }

  /**
   * `onBack` is told how long the server was away, in ms. By then the SDK's own repetitions have grown to seconds apart;
   * what must not wait for them is begun anew there. Returns how to stop.
   */
  start(onBack: (awayMs: number) => void): () => Promise<void> {
    const look = async (): Promise<void> => {
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
    return every(intervalMs, look, () => undefined);
  }
}

function answers(connection: NativeConnection): Promise<boolean> {
  const answer = connection.workflowService.getSystemInfo({}).then(
    () => true,
    () => false,
  );
  return withTimeLimit(answer, patienceMs, () => false);
}
