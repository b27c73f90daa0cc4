import type { BatchCounts, BatchInput, BatchItem } from '../domain/batch.ts';

/** One page of a batch, and how far an earlier attempt got with it. */
export interface PageRequest {
  readonly batch: BatchInput;
  readonly pageKey: string;
  /** The last heartbeat of an attempt whose worker was lost. */
  readonly earlier: readonly BatchItem[];
  /** Cancelled: what runs is waited for, nothing is started. */
  readonly startNothing: boolean;
}

export interface PageReport {
  readonly counts: BatchCounts;
  readonly key: string;
}

/** The work of `rerunBatch`, implemented by the client layer (services/reruns/batch-work.ts). */
export interface BatchActivities {
  /** The matching calls, listed once: pages of them in the payload store. */
  listBatch(batch: BatchInput): Promise<{ readonly total: number; readonly pages: readonly string[] }>;
  /** Runs a page's calls again and waits for their ends; heartbeats hold its items. */
  rerunPage(request: PageRequest): Promise<PageReport>;
}
