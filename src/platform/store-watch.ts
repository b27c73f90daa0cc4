/**
 * Waits for the payload store at the start of a node. The node is not ready until the store could be used once; after that each
 * use of the store reports its own errors.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openPayloadStore, type StoreSettings } from '../payloads/open-store.ts';
import { PayloadStoreUnusable, type PayloadStore } from '../payloads/payload-store.ts';
import { readStoreId, storeIdOf } from '../payloads/store-id.ts';
import { markerFile } from '../payloads/store-folder.ts';
import { every } from '../lib/every.ts';
import type { Log } from './logging.ts';
import { StartupError } from './startup-error.ts';

const intervalMs = 2_000;

export class StoreWatch {
  private readonly store: PayloadStore;
  private readonly log: Log;
  private missing: string | undefined;
  private id: string | undefined;

  constructor(store: PayloadStore, log: Log) {
    this.store = store;
    this.log = log;
  }

  /** Why the store cannot be used yet. Undefined once it could be used. */
  get problem(): string | undefined {
    return this.missing;
  }

  /** The store's id. Undefined until the store could be used. */
  get storeId(): string | undefined {
    return this.id;
  }

  /**
   * Makes the first check. Throws `StartupError` if the store is set up wrongly. If the store cannot be reached, `start` waits
   * for it.
   */
  async first(): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      if (error instanceof PayloadStoreUnusable) throw new StartupError(unusable(error), { cause: error });
      this.missing = messageOf(error);
      this.log.warn(
        { err: error },
        'The payload store cannot be used yet; this node tries again every 2 s and is not ready until it can',
      );
    }
  }

  /** Repeats the check until it succeeds and `onAvailable` does not throw. Returns a function that stops the checks. */
  start(onAvailable: () => Promise<void>): () => Promise<void> {
    const round = async (): Promise<void> => {
      if (this.missing === undefined) return;
      await this.check();
      await onAvailable();
      this.missing = undefined;
      this.log.info('The payload store can be used now');
    };
    return every(intervalMs, round, (error) => {
      this.missing = messageOf(error);
    });
  }

  private async check(): Promise<void> {
    await this.store.check();
    this.id = await storeIdOf(this.store);
  }
}

/**
 * Returns why the store cannot be used; undefined if it can. Writes what `PayloadStore.check` writes, e.g. a small object in a
 * bucket.
 */
export async function inspectStore(settings: StoreSettings): Promise<string | undefined> {
  try {
    await openPayloadStore(settings).check();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Returns the store's id; undefined if the store has none yet, and an error if it cannot be read. Writes nothing. */
export async function inspectStoreId(settings: StoreSettings): Promise<string | Error | undefined> {
  if (settings.kind === 'folder' && !existsSync(join(settings.path, markerFile))) return undefined;
  return readStoreId(openPayloadStore(settings)).catch((error: unknown) => new Error(messageOf(error)));
}

function unusable(error: Error): string {
  return `${error.message}: set HOLDFAST_PAYLOAD_STORE to a folder that can be written, or to a bucket with its AWS_ variables`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
