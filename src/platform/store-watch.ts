/** Whether the payload store can be used, from a start on. Once it could be, each use tells by itself. */
import { openPayloadStore, type StoreSettings } from '../payloads/open-store.ts';
import { PayloadStoreUnusable, type PayloadStore } from '../payloads/payload-store.ts';
import { every } from './every.ts';
import type { Log } from './logging.ts';
import { StartupError } from './shutdown.ts';

const intervalMs = 2_000;

export class StoreWatch {
  private readonly store: PayloadStore;
  private readonly log: Log;
  private missing: string | undefined;

  constructor(store: PayloadStore, log: Log) {
    this.store = store;
    this.log = log;
  }

  /** Why it was not there yet; undefined: it was. */
  get problem(): string | undefined {
    return this.missing;
  }

  /** Throws `StartupError` where it can never work as it is set up. One that is away is waited for by `start`. */
  async first(): Promise<void> {
    try {
      await this.store.check();
    } catch (error) {
      if (error instanceof PayloadStoreUnusable) throw new StartupError(unusable(error), { cause: error });
      this.missing = messageOf(error);
      this.log.warn(
        { err: error },
        'The payload store is not there yet; this node is not ready before it is',
      );
    }
  }

  /** Looks again until it is there. Returns how to stop. */
  start(): () => Promise<void> {
    const look = async (): Promise<void> => {
      if (this.missing === undefined) return;
      await this.store.check();
      this.missing = undefined;
      this.log.info('The payload store is there');
    };
    return every(intervalMs, look, (error) => {
      this.missing = messageOf(error);
    });
  }
}

/** Why it cannot be used; undefined: it can. Leaves what its `check` leaves: of a bucket a small object. */
export async function inspectStore(settings: StoreSettings): Promise<string | undefined> {
  try {
    await openPayloadStore(settings).check();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function unusable(error: Error): string {
  return `${error.message}: set HOLDFAST_PAYLOAD_STORE to a folder that can be written, or to a bucket with its AWS_ variables`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
