import type { BatchCounts, BatchInput, BatchItem } from '../domain/batch.ts';

/** Input of `rerunPage`: one page of a batch, and how far an earlier run of the activity got with that page. */
export interface PageRequest {
  readonly batch: BatchInput;
  /** Payload store key of the page. */
  readonly pageKey: string;
  /** The items of the last heartbeat, if an earlier run of the activity lost its worker. */
  readonly earlier: readonly BatchItem[];
  /** Set if the batch was cancelled. The activity then starts no more reruns and only waits for those that have started. */
  readonly startNothing: boolean;
}

/** Result of `rerunPage`. */
export interface PageReport {
  readonly counts: BatchCounts;
  /** Payload store key of the page with the items' outcomes. */
  readonly key: string;
}

/** The activities of the workflow `rerunBatch`. They are implemented in services/reruns/batch-work.ts. */
export interface BatchActivities {
  /**
   * Lists the calls that match the batch's filter, once, and writes them to the payload store in pages. Returns their number
   * and the pages' keys.
   */
  listBatch(batch: BatchInput): Promise<{ readonly total: number; readonly pages: readonly string[] }>;
  /**
   * Reruns the calls of a page and waits until the reruns have ended. Its heartbeats carry the items with their current
   * outcomes.
   */
  rerunPage(request: PageRequest): Promise<PageReport>;
}
