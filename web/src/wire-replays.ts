/** What the API sends of reruns, batches and what-if. */
import type { CallSummary } from './wire.ts';

export interface Overrides {
  readonly agent_name?: string;
  readonly fallback_agents?: readonly string[];
  readonly prompt?: string;
  readonly deadline_seconds?: number;
  readonly from?: 'start' | 'failed_agent';
}

export type BatchStatus = 'running' | 'completed' | 'cancelled' | 'failed';

export interface BatchProgress {
  readonly batch_id: string;
  readonly status: BatchStatus;
  readonly filter: Readonly<Record<string, unknown>>;
  /** null and false: as each call had it. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly total: number;
  readonly done: number;
  readonly now_succeeded: number;
  readonly failed_again: number;
  readonly skipped: number;
  readonly started_at: string;
  readonly ended_at: string | null;
}

export interface BatchItem {
  readonly call_id: string;
  readonly rerun_id: string | null;
  readonly outcome: 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped';
  readonly error_type: string | null;
  readonly reason: string | null;
}

export interface Batch extends BatchProgress {
  readonly items: readonly BatchItem[];
}

export interface DryRun {
  readonly total: number;
  readonly skipped: number;
  readonly sample: readonly CallSummary[];
}

export interface WhatIf {
  readonly call_id: string;
  readonly before: {
    readonly attempts: readonly { agent: string; status: string; error_type: string | null }[];
  };
  readonly after: {
    readonly unregistered: readonly string[];
    readonly next_agent: string | null;
    readonly reason: string;
    readonly steps: readonly {
      readonly agent: string;
      readonly outcome: 'as_recorded' | 'would_be_asked' | 'not_reached' | 'skipped';
      readonly error_type: string | null;
    }[];
  };
  readonly changed: boolean;
}
