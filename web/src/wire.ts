/** What the API sends, as docs/ and /openapi.json describe it. */
export type CallStatus = 'running' | 'completed' | 'failed' | 'cancelled';

export interface CallSummary {
  readonly call_id: string;
  readonly status: CallStatus;
  readonly asked: string;
  readonly answered_by: string | null;
  readonly error_type: string | null;
  readonly session_id: string | null;
  readonly user_id: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly rerun_of: string | null;
}

export interface Counts {
  readonly total: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface Try {
  readonly attempt: number;
  readonly error_type: string | null;
  readonly lost: boolean;
  readonly latency_ms: number;
  readonly first_byte_ms: number | null;
  readonly at: string;
}

export interface Attempt {
  readonly agent: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  readonly error_type: string | null;
  readonly error: string | null;
  readonly tries: number;
  readonly latency_ms: number | null;
  readonly try_log: readonly Try[];
}

export interface ChainMember {
  readonly name: string;
  readonly url: string;
  readonly timeout_seconds: number;
  readonly max_retries: number;
}

export interface Timings {
  readonly queued_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly agent_ms: number | null;
  readonly overhead_ms: number | null;
  readonly total_ms: number | null;
}

export interface Call extends CallSummary {
  readonly response: string | null;
  readonly error: string | null;
  readonly attempts: readonly Attempt[];
  readonly session_stored: boolean | null;
  readonly prompt: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly deadline_seconds: number;
  readonly timings: Timings;
  readonly chain: readonly ChainMember[];
  /** Their circuit was open when the call began. */
  readonly passed_over: readonly string[];
  readonly reruns: readonly { readonly call_id: string; readonly status: CallStatus }[];
  readonly web_ui_url: string | null;
}

/** What happened to a call, as /events tells it; which fields there are depends on the type. */
export interface CallEvent {
  readonly type: string;
  readonly at: string;
  readonly agent?: string;
  readonly attempt?: number;
  readonly error_type?: string;
  readonly error?: string;
  readonly retry_at?: string | null;
  readonly from?: string;
  readonly to?: string;
}

export interface Agent {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'https';
  readonly url: string;
  readonly path: string;
  readonly timeout_seconds: number;
  readonly max_retries: number;
  readonly max_concurrency: number | null;
  readonly fallback_agents: readonly string[];
  readonly history: 'window' | 'none';
  readonly expect: Readonly<Record<string, unknown>> | null;
  readonly health_path: string | null;
  readonly has_auth_token: boolean;
}

export interface Health {
  readonly agent_name: string;
  readonly status: 'healthy' | 'degraded' | 'unhealthy' | 'unreachable';
  readonly success_rate: number;
  /** Of the calls that the rate is over; 0: then it says nothing. */
  readonly recent_requests: number;
  readonly total_requests: number;
  readonly total_failures: number;
  readonly consecutive_failures: number;
  readonly last_error_type: string | null;
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly circuit_open_until: string | null;
  readonly latencies_ms: readonly number[];
  readonly latency_p50_ms: number | null;
  readonly latency_p95_ms: number | null;
  readonly recent_errors: readonly {
    readonly at: string;
    readonly error_type: string;
    readonly call_id: string;
  }[];
}

export interface Probe {
  readonly ok: boolean;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly latency_ms: number;
}

export interface ListedNode {
  readonly id: string;
  readonly role: 'facade' | 'worker' | 'facade_and_worker';
  readonly version: string;
  readonly address: string | null;
  readonly host: string;
  readonly pid: number;
  readonly started_at: string;
  /** Settings, or what makes a node one of another cluster. */
  readonly differs_in: readonly string[];
  /** It is the one that serves the desk. */
  readonly answers: boolean;
}

export interface Message {
  readonly timestamp: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly agent: string | null;
  readonly call_id: string | null;
  readonly failed: boolean;
  /** Lost in the payload store: a note stands in its place. */
  readonly lost?: true;
}

export interface Session {
  readonly session_id: string;
  readonly user_id: string | null;
  readonly created_at: string;
  readonly last_activity: string;
  readonly messages: readonly Message[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface ImportReport {
  readonly imported: number;
  readonly skipped: readonly string[];
  readonly invalid: readonly { readonly session_id: string; readonly error: string }[];
}
