/** The data of a batch of reruns: its input, its items and its progress. Workflows and the payload store hold it as is. */
import type { ErrorType } from './failures.ts';
import type { StoredText } from './stored-text.ts';

/**
 * Selects the calls to run again: the parameters of the API's call filter by name, and `project`. Times are ISO 8601 UTC. The
 * session has the id that it has inside Holdfast (project.ts).
 */
export type BatchFilter = Readonly<Record<string, string>>;

/** The members of the original calls that the reruns change. An absent member stays as in the original call. */
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

/** One call of the batch and the state of its rerun. */
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

/** How many items have ended, by outcome. `done` is the sum of the others. */
export interface BatchCounts {
  readonly done: number;
  readonly nowSucceeded: number;
  readonly failedAgain: number;
  readonly skipped: number;
}

/** The batch workflow's memo, and its result: figures only, no content of calls. */
export interface BatchProgress extends BatchCounts {
  readonly total: number;
  readonly cancelled: boolean;
}

/** Payload store keys of the pages of items: as listed at the start, and as reported once their reruns have ended. */
export interface BatchPages {
  readonly listed: readonly string[];
  readonly reported: readonly string[];
}

export const noCounts: BatchCounts = { done: 0, nowSucceeded: 0, failedAgain: 0, skipped: 0 };

/** Counts the items that have ended; pending and running ones do not count. */
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
