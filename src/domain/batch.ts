/** A batch of reruns: what it is asked to do and what is known of it. Plain data, as workflows and payloads hold it. */
import type { ErrorType } from './failures.ts';
import type { StoredText } from './stored-text.ts';

/** Times ISO 8601 UTC; the names of the API's filter. */
export type BatchFilter = Readonly<Record<string, string>>;

export interface BatchOverrides {
  readonly agentName?: string | undefined;
  readonly fallbackAgents?: readonly string[] | undefined;
  readonly prompt?: StoredText | undefined;
  readonly deadlineMs?: number | undefined;
  readonly from?: 'start' | 'failed_agent' | undefined;
}

/** Start input of the `rerunBatch` workflow. */
export interface BatchInput {
  readonly batchId: string;
  readonly filter: BatchFilter;
  readonly overrides: BatchOverrides;
  readonly ratePerSecond: number;
  readonly maxInFlight: number;
}

export type BatchItem =
  | { readonly callId: string; readonly outcome: 'pending' }
  | { readonly callId: string; readonly outcome: 'running' | 'succeeded'; readonly rerunId: string }
  | {
      readonly callId: string;
      readonly outcome: 'failed';
      readonly rerunId: string;
      readonly errorType: ErrorType;
    }
  | { readonly callId: string; readonly outcome: 'skipped'; readonly reason: string };

export interface BatchCounts {
  readonly done: number;
  readonly nowSucceeded: number;
  readonly failedAgain: number;
  readonly skipped: number;
}

/** What the workflow tells of itself by its memo: figures alone, no content. */
export interface BatchProgress extends BatchCounts {
  readonly total: number;
  readonly cancelled: boolean;
}

/** Pages of items in the payload store: as listed, then as reported. */
export interface BatchPages {
  readonly listed: readonly string[];
  readonly reported: readonly string[];
}

export const noCounts: BatchCounts = { done: 0, nowSucceeded: 0, failedAgain: 0, skipped: 0 };

export function countItems(items: readonly BatchItem[]): BatchCounts {
  const of = (outcome: BatchItem['outcome']): number =>
    items.filter((item) => item.outcome === outcome).length;
  const [nowSucceeded, failedAgain, skipped] = [of('succeeded'), of('failed'), of('skipped')];
  return { done: nowSucceeded + failedAgain + skipped, nowSucceeded, failedAgain, skipped };
}

export function addCounts(a: BatchCounts, b: BatchCounts): BatchCounts {
  return {
    done: a.done + b.done,
    nowSucceeded: a.nowSucceeded + b.nowSucceeded,
    failedAgain: a.failedAgain + b.failedAgain,
    skipped: a.skipped + b.skipped,
  };
}
