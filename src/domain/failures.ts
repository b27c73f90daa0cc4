/**
 * The two tables that everything about errors derives from: how an agent's failure is treated (retry policy,
 * fallback, health) and how the API refuses a request (problem type and status). docs/errors.md lists
 * exactly these rows; a test compares them.
 */

interface FailureRow {
  /** What happened, as docs and OpenAPI say it. */
  readonly when: string;
  /** Whether the same agent is asked again: `once` at most one more time, `retry-after` no sooner than it says. */
  readonly retry: 'yes' | 'no' | 'once' | 'retry-after';
  /** Whether the next agent of the chain is asked. */
  readonly fallBack: boolean;
  /** `ignored` outcomes change only the error counts by type. */
  readonly health: 'counts' | 'unreachable' | 'ignored';
}

export const failures = {
  timeout: {
    when: 'no complete answer within timeout_seconds, or the agent answered 408',
    retry: 'yes',
    fallBack: true,
    health: 'counts',
  },
  connection: {
    when: 'connection refused, or reset while new or within an answer, DNS or TLS failure',
    retry: 'yes',
    fallBack: true,
    health: 'unreachable',
  },
  rate_limit: { when: 'the agent answered 429', retry: 'retry-after', fallBack: true, health: 'counts' },
  quota_exceeded: {
    when: 'the agent answered 429 and says that its quota is used up',
    retry: 'no',
    fallBack: true,
    health: 'counts',
  },
  model_error: {
    when: 'the agent answered 5xx, 409, 423 or 425',
    retry: 'yes',
    fallBack: true,
    health: 'counts',
  },
  auth: { when: 'the agent answered 401 or 403', retry: 'no', fallBack: true, health: 'counts' },
  invalid_request: { when: 'the agent answered another 4xx', retry: 'no', fallBack: true, health: 'ignored' },
  invalid_response: {
    when: 'not JSON, no content, empty content, an error or success: false in a 200, 202, or a redirect',
    retry: 'once',
    fallBack: true,
    health: 'counts',
  },
  payload_too_large: {
    when: 'the answer is over the limit',
    retry: 'no',
    fallBack: true,
    health: 'ignored',
  },
  no_slot: {
    when: "no slot of the agent's max_concurrency came free in time, so it was not asked",
    retry: 'no',
    fallBack: true,
    health: 'ignored',
  },
  payload_lost: {
    when: 'the prompt or the answer is lost or damaged in the payload store',
    retry: 'no',
    fallBack: false,
    health: 'ignored',
  },
  deadline_exceeded: { when: "the call's own deadline", retry: 'no', fallBack: false, health: 'ignored' },
  cancelled: { when: 'cancelled by the caller', retry: 'no', fallBack: false, health: 'ignored' },
  internal: { when: 'a fault of Holdfast itself', retry: 'no', fallBack: true, health: 'ignored' },
  unknown: { when: 'anything else', retry: 'yes', fallBack: true, health: 'counts' },
} as const satisfies Record<string, FailureRow>;

export type ErrorType = keyof typeof failures;

export const errorTypes = Object.keys(failures) as ErrorType[];

/** For Temporal's RetryPolicy: `once` is decided by the activity, which knows its earlier tries. */
export const nonRetryableErrorTypes: ErrorType[] = errorTypes.filter((type) => failures[type].retry === 'no');

export function isErrorType(type: unknown): type is ErrorType {
  return typeof type === 'string' && Object.hasOwn(failures, type);
}

/** One of a newer version, which this one does not know, blames nobody. */
export function failureRow(type: ErrorType): FailureRow {
  return failures[isErrorType(type) ? type : 'internal'];
}

interface RefusalRow {
  readonly status: number;
  readonly title: string;
}

/** Refusals of the API: nothing was accepted, nothing is lost. */
export const refusals = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  unauthorized: { status: 401, title: 'A valid API key is required' },
  cross_site: { status: 403, title: 'Web pages of other sites may not call this API' },
  agent_not_found: { status: 404, title: 'No such agent' },
  session_not_found: { status: 404, title: 'No such session' },
  call_not_found: { status: 404, title: 'No such call' },
  route_not_found: { status: 404, title: 'No such endpoint' },
  method_not_allowed: { status: 405, title: 'The endpoint does not take this method' },
  batch_not_found: { status: 404, title: 'No such batch of reruns' },
  payload_lost: { status: 410, title: 'A text that this needs is lost or damaged in the payload store' },
  reset_refused: { status: 409, title: 'The call cannot be reset' },
  body_too_large: { status: 413, title: 'The body is over the limit' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  validation_failed: { status: 422, title: 'The request has invalid fields' },
  idempotency_mismatch: { status: 422, title: 'The Idempotency-Key belongs to another request' },
  session_metadata_full: { status: 422, title: "The session's metadata would be over the limit" },
  address_refused: { status: 422, title: 'Agents may not live at this address' },
  agents_full: { status: 422, title: 'The agent directory is full' },
  session_queue_full: { status: 429, title: 'Too many calls wait for this session' },
  overloaded: { status: 429, title: 'Too many calls are in flight' },
  internal: { status: 500, title: 'A fault of Holdfast itself' },
  shutting_down: { status: 503, title: 'This node is shutting down' },
  temporal_unavailable: { status: 503, title: 'Temporal does not answer' },
  disk_full: { status: 503, title: 'The disk of the data directory or of the payload store is full' },
  payload_store_unavailable: { status: 503, title: 'The store of large texts does not answer or is full' },
} as const satisfies Record<string, RefusalRow>;

export type RefusalType = keyof typeof refusals;

/** A bound on things at the same time. */
export interface RateLimit {
  readonly name: string;
  readonly quota: number;
}

interface RefusalOptions {
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly limit?: RateLimit;
  readonly cause?: unknown;
}

/** Refused with 429. */
type TooManyType = {
  [T in RefusalType]: (typeof refusals)[T]['status'] extends 429 ? T : never;
}[RefusalType];
export type OtherRefusalType = Exclude<RefusalType, TooManyType>;
/** Every 429 names its bound, and when to come again. */
type TooManyOptions = RefusalOptions & Required<Pick<RefusalOptions, 'limit' | 'retryAfterSeconds'>>;

/**
 * A request that is refused for a reason the caller can act on. Thrown by the client layer and the API, turned
 * into an RFC 9457 problem at the API's border.
 */
export class Refusal extends Error {
  readonly type: RefusalType;
  /** Extra members of the problem body, e.g. `errors` of `validation_failed`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  /** The bound that was reached, for the RateLimit headers. */
  readonly limit: RateLimit | undefined;

  constructor(type: TooManyType, detail: string, options: TooManyOptions);
  constructor(type: OtherRefusalType, detail: string, options?: RefusalOptions);
  constructor(type: RefusalType, detail: string, options: RefusalOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'Refusal';
    this.type = type;
    this.extra = options.extra ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.limit = options.limit;
  }

  /** The same refusal with these members in its problem. */
  withExtra(extra: Readonly<Record<string, unknown>>): Refusal {
    const { retryAfterSeconds, limit, cause } = this;
    const options = { extra, retryAfterSeconds, limit, cause } as TooManyOptions;
    return new Refusal(this.type as TooManyType, this.message, options);
  }
}
