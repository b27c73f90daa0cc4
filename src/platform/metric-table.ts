/**
 * The table of Holdfast's own metrics. metrics.ts makes them, and docs/metrics.md lists them. Units are base units, and the
 * values of labels are bounded: see docs/metrics.md.
 */

/** One metric, as it is documented. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** `calls`, `seconds` and so on; empty for what has none. */
  readonly unit: string;
  /** What it is about: only the process that is asked, or the cluster as this process knows it. */
  readonly reach: 'process' | 'cluster';
  /** Which processes have it: those that run a worker, those that serve the API (facades), or all. */
  readonly at: 'worker' | 'facade' | 'all';
}

export const metricTable = {
  holdfast_calls_total: {
    type: 'counter',
    help: 'Calls that ended: answered, failed or cancelled. The agent is the one that answered, else the one that the caller named',
    labels: ['agent', 'outcome', 'error_type'],
    unit: 'calls',
    reach: 'process',
    at: 'worker',
  },
  holdfast_attempts_total: {
    type: 'counter',
    help: 'Agents that calls asked, or would have with a free slot of max_concurrency, by the outcome after all their tries',
    labels: ['agent', 'outcome', 'error_type'],
    unit: 'attempts',
    reach: 'process',
    at: 'worker',
  },
  holdfast_fallbacks_total: {
    type: 'counter',
    help: 'How often a call asked the next agent of its chain, and why',
    labels: ['from', 'to', 'error_type'],
    unit: 'fallbacks',
    reach: 'process',
    at: 'worker',
  },
  holdfast_webhook_deliveries_total: {
    type: 'counter',
    help: 'Tries to deliver events to webhooks and callbacks: delivered or failed; and events that were parked, or dropped because their call was deleted',
    labels: ['outcome'],
    unit: 'deliveries',
    reach: 'process',
    at: 'worker',
  },
  holdfast_call_duration_seconds: {
    type: 'histogram',
    help: 'Duration of calls from start to end, with the wait for their turn. Runs that a reset began are left out',
    labels: ['outcome'],
    unit: 'seconds',
    reach: 'process',
    at: 'worker',
  },
  holdfast_call_overhead_seconds: {
    type: 'histogram',
    help: 'Duration of calls without the agents, the wait for their turn and waits for paused agents. Runs that a reset began are left out',
    labels: [],
    unit: 'seconds',
    reach: 'process',
    at: 'worker',
  },
  holdfast_agent_state: {
    type: 'gauge',
    help: '1 for the state that the agent is in, 0 for the others',
    labels: ['agent', 'state'],
    unit: '',
    reach: 'cluster',
    at: 'facade',
  },
  holdfast_agent_paused: {
    type: 'gauge',
    help: '1 while the agent is paused, otherwise 0',
    labels: ['agent'],
    unit: '',
    reach: 'cluster',
    at: 'facade',
  },
  holdfast_agent_circuit_open: {
    type: 'gauge',
    help: "1 while the agent's circuit is open, otherwise 0, also while it is half open",
    labels: ['agent'],
    unit: '',
    reach: 'cluster',
    at: 'facade',
  },
  holdfast_alerts_active: {
    type: 'gauge',
    help: 'Alerts that are active, as this node has read them last',
    labels: ['condition'],
    unit: 'alerts',
    reach: 'cluster',
    at: 'facade',
  },
  holdfast_agent_in_flight: {
    type: 'gauge',
    help: 'Requests that are at the agent now. Those that wait for a slot of its max_concurrency are not counted',
    labels: ['agent'],
    unit: 'requests',
    reach: 'process',
    at: 'worker',
  },
  holdfast_turns_queued: {
    type: 'gauge',
    help: "Calls that wait for their session's turn",
    labels: [],
    unit: 'calls',
    reach: 'process',
    at: 'worker',
  },
  holdfast_admission_rejected_total: {
    type: 'counter',
    help: 'Requests for calls that were refused for lack of room, not for what they contain',
    labels: ['reason'],
    unit: 'requests',
    reach: 'process',
    at: 'facade',
  },
  holdfast_calls_in_flight: {
    type: 'gauge',
    help: 'Calls in flight of this node, including those from before its start',
    labels: [],
    unit: 'calls',
    reach: 'process',
    at: 'facade',
  },
  holdfast_starts_waiting: {
    type: 'gauge',
    help: 'Calls that wait for their start because this node is starting others',
    labels: [],
    unit: 'calls',
    reach: 'process',
    at: 'facade',
  },
  holdfast_asks_in_flight: {
    type: 'gauge',
    help: 'Requests to agents that this process has open, also those that wait for a slot of max_concurrency',
    labels: [],
    unit: 'requests',
    reach: 'process',
    at: 'worker',
  },
  holdfast_watches: {
    type: 'gauge',
    help: 'Calls and lists of calls that this node watches for open event streams',
    labels: [],
    unit: 'watches',
    reach: 'process',
    at: 'facade',
  },
  holdfast_clock_skew_seconds: {
    type: 'gauge',
    help: "How far this machine's clock is ahead of the Temporal server's",
    labels: [],
    unit: 'seconds',
    reach: 'process',
    at: 'all',
  },
  holdfast_session_endings_lost_total: {
    type: 'counter',
    help: 'Turns whose call Temporal removed before the session had taken its ending over',
    labels: [],
    unit: 'turns',
    reach: 'process',
    at: 'worker',
  },
  http_server_request_duration_seconds: {
    type: 'histogram',
    help: 'Duration of HTTP requests by route, with those that are refused',
    labels: ['http_request_method', 'http_route', 'http_response_status_code'],
    unit: 'seconds',
    reach: 'process',
    at: 'facade',
  },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof metricTable;

/** Why a request for a call was refused for lack of room: a limit of `overloaded`, else the type of the refusal. */
export const rejectionReasons = {
  node: 'the node has `HOLDFAST_MAX_CALLS_IN_FLIGHT` calls in flight',
  agent: "the agent's `max_concurrency` is in use",
  starts: 'the call waited too long to be started, behind others',
  session_queue_full: 'too many calls wait for the session',
  session_busy: 'the caller did not want to wait for the session (`when_busy`)',
  limit_reached: 'the API key or its project has used what it may',
  agent_paused: 'an operator has paused the agent',
  disk_full: 'the disk is full',
  payload_store_unavailable: 'the store of large texts does not answer or is full',
  temporal_unavailable: 'Temporal does not answer. Some of these calls may have been accepted',
  shutting_down: 'the node drains',
} as const;

export type RejectionReason = keyof typeof rejectionReasons;
