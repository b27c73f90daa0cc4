/** Whether the payload store can be used, from a start on. Once it could be, each use tells by itself. */
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

  /** Why it was not there yet; undefined: it was. */
  get problem(): string | undefined {
    return this.missing;
  }

  /** Of the store; undefined before it has been there. */
  get storeId(): string | undefined {
    return this.id;
  }

  /** Throws `StartupError` where it can never work as it is set up. One that is away is waited for by `start`. */
  async first(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      if (error instanceof PayloadStoreUnusable) throw new StartupError(unusable(error), { cause: error });
      this.missing = messageOf(error);
      this.log.warn(
        { err: error },
        'The payload store is not there yet; this node is not ready before it is',
      );
    }
  }

  /** Looks again until it is there, and until `onThere` finds nothing wrong with it. Returns how to stop. */
  start(onThere: () => Promise<void>): () => Promise<void> {
    const round = async (): Promise<void> => {
      if (this.missing === undefined) return;
      await this.look();
      await onThere();
      this.missing = undefined;
      this.log.info('The payload store is there');
    };
    return every(intervalMs, round, (error) => {
      this.missing = messageOf(error);
    });
  }

  private async look(): Promise<void> {
    await this.store.check();
    this.id = await storeIdOf(this.store);
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

/** Undefined: it has none yet; an error: it does not tell. Makes nothing. */
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
