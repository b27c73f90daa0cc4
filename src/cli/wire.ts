/** Of the node's answers what the command line reads; the OpenAPI document has all of it. */

export interface CallSummary {
  readonly call_id: string;
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly asked: string;
  readonly answered_by: string | null;
  readonly error_type: string | null;
  readonly session_id: string | null;
  readonly user_id: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly rerun_of: string | null;
}

export interface Attempt {
  readonly agent: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly error_type: string | null;
  readonly error: string | null;
  readonly tries: number;
  readonly latency_ms: number | null;
}

export interface CallDescription extends CallSummary {
  readonly success: boolean | null;
  readonly response: string | null;
  readonly error: string | null;
  readonly fallback_chain: readonly string[];
  readonly attempts: readonly Attempt[];
  readonly latency_ms: number | null;
  readonly prompt: string;
  readonly timings: Readonly<Record<string, number | null>>;
  readonly chain: readonly { readonly name: string; readonly url: string }[];
  readonly passed_over: readonly string[];
  readonly reruns: readonly { readonly call_id: string; readonly status: string }[];
  readonly web_ui_url: string | null;
}

export interface Page {
  readonly next_cursor: string | null;
}

export interface AgentHealth {
  readonly agent_name: string;
  readonly status: string;
  readonly success_rate: number;
  readonly recent_requests: number;
  readonly total_requests: number;
  readonly total_failures: number;
  readonly consecutive_failures: number;
  readonly last_success_at: string | null;
  readonly last_failure_at: string | null;
  readonly last_error_type: string | null;
  readonly circuit: string;
  readonly circuit_open_until: string | null;
  readonly latency_p50_ms: number | null;
  readonly latency_p95_ms: number | null;
  readonly recent_errors: readonly {
    readonly at: string;
    readonly error_type: string;
    readonly call_id: string;
  }[];
}

export interface Batch {
  readonly batch_id: string;
  readonly status: 'running' | 'completed' | 'cancelled' | 'failed';
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

export interface WhatIf {
  readonly call_id: string;
  readonly error_type: string | null;
  readonly before: {
    readonly chain: readonly string[];
    readonly attempts: readonly Pick<Attempt, 'agent' | 'status' | 'error_type'>[];
  };
  readonly after: {
    readonly chain: readonly string[];
    readonly unregistered: readonly string[];
    readonly next_agent: string | null;
    readonly reason: string;
    readonly steps: readonly {
      readonly agent: string;
      readonly outcome: string;
      readonly error_type: string | null;
    }[];
  };
  readonly changed: boolean;
}
