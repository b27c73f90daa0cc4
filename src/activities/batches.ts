import type { BatchCounts, BatchInput, BatchItem } from '../domain/batch.ts';

/** Input of `rerunPage`: one page of a batch, and how far an earlier run of the activity got with it. */
export interface PageRequest {
  readonly batch: BatchInput;
  /** Payload store key of the page. */
  readonly pageKey: string;
  /** The items of the last heartbeat, if an earlier run of the activity lost its worker. */
  readonly earlier: readonly BatchItem[];
  /** The batch was cancelled: wait for the reruns that have started, and start no more. */
  readonly startNothing: boolean;
}

/** Result of `rerunPage`. */
export interface PageReport {
  readonly counts: BatchCounts;
  /** Payload store key of the page with the items' outcomes. */
  readonly key: string;
}

/** The activities of `rerunBatch`, implemented in services/reruns/batch-work.ts. */
export interface BatchActivities {
  /** Lists the matching calls once and writes them to the payload store in pages. Returns the pages' keys. */
  listBatch(batch: BatchInput): Promise<{ readonly total: number; readonly pages: readonly string[] }>;
  /** Reruns a page's calls and waits for their ends. Its heartbeats carry the items. */
  rerunPage(request: PageRequest): Promise<PageReport>;
}
