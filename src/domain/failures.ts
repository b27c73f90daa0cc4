/**
 * The two tables of errors. `failures` says how an agent's failure is handled (retry, fallback, health). `refusals` says how
 * the API refuses a request (problem type and status). Everything else about errors derives from them; a test checks that
 * docs/errors.md lists exactly these rows.
 */

interface FailureRow {
  /** What happened, as shown in docs and OpenAPI. */
  readonly when: string;
  /**
   * Whether the same agent is asked again. `once`: at most one more time. `retry-after`: not before the time that the agent
   * gives in its answer.
   */
  readonly retry: 'yes' | 'no' | 'once' | 'retry-after';
  /** Whether the next agent of the chain is asked. */
  readonly fallBack: boolean;
  /** How the outcome affects the agent's health. With `ignored` it changes only the error counts by type. */
  readonly health: 'counts' | 'unreachable' | 'ignored';
}

/** How each type of failure is handled. */
export const failures = {
  timeout: {
    when: 'no complete answer within timeout_seconds, or the agent answered 408',
    retry: 'yes',
    fallBack: true,
    health: 'counts',
  },
  connection: {
    when: 'the connection was refused, or reset when new or during an answer, or DNS or TLS failed',
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
    when: 'the answer is not JSON, has no content, has an error or success: false with status 200, is a 202 or a redirect, or does not meet expect',
    retry: 'once',
    fallBack: true,
    health: 'counts',
  },
  payload_too_large: {
    when: 'the answer is larger than the limit',
    retry: 'no',
    fallBack: true,
    health: 'ignored',
  },
  no_slot: {
    when: "no slot of the agent's max_concurrency came free in time, so the agent was not asked",
    retry: 'no',
    fallBack: true,
    health: 'ignored',
  },
  agent_paused: {
    when: 'an operator has paused the agent, so it was not asked',
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
  deadline_exceeded: {
    when: "the call's own deadline passed",
    retry: 'no',
    fallBack: false,
    health: 'ignored',
  },
  cancelled: { when: 'the caller cancelled the call', retry: 'no', fallBack: false, health: 'ignored' },
  internal: { when: 'a fault of Holdfast itself', retry: 'no', fallBack: true, health: 'ignored' },
  unknown: { when: 'anything else', retry: 'yes', fallBack: true, health: 'counts' },
} as const satisfies Record<string, FailureRow>;

/** The type of failure of an agent or of a whole call. Part of the API. */
export type ErrorType = keyof typeof failures;

export const errorTypes = Object.keys(failures) as ErrorType[];

/**
 * The error types that Temporal's RetryPolicy must not retry. Types with retry `once` are not included: for them the activity
 * decides, because it knows the earlier tries.
 */
export const nonRetryableErrorTypes: ErrorType[] = errorTypes.filter((type) => failures[type].retry === 'no');

/** The failures of agents that were not asked. */
export const unaskedTypes = ['no_slot', 'agent_paused'] as const satisfies ErrorType[];
export type UnaskedType = (typeof unaskedTypes)[number];

export function isUnasked(type: unknown): type is UnaskedType {
  return unaskedTypes.some((one) => one === type);
}

export function isErrorType(type: unknown): type is ErrorType {
  return typeof type === 'string' && Object.hasOwn(failures, type);
}

/**
 * Returns the row of `type`. A type that only a newer version knows is handled as `internal`, which counts against no agent.
 */
export function failureRow(type: ErrorType): FailureRow {
  return failures[isErrorType(type) ? type : 'internal'];
}

interface RefusalRow {
  readonly status: number;
  readonly title: string;
}

/** The refusals of the API. After a refusal nothing was accepted, so the caller may send the request again. */
export const refusals = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  unauthorized: { status: 401, title: 'A valid API key is required' },
  scope_missing: { status: 403, title: 'The API key may not do this' },
  no_rights: { status: 403, title: "None of the person's groups may do anything here" },
  agent_not_allowed: { status: 403, title: 'The API key may not call this agent' },
  prompt_not_allowed: { status: 403, title: 'The prompt is larger than the API key or its project may send' },
  batch_not_allowed: { status: 403, title: 'An API key with limits starts no batches' },
  cross_site: { status: 403, title: 'Web pages of other sites may not call this API' },
  csrf_token_missing: { status: 403, title: "A change by the desk's cookie needs its CSRF token" },
  agent_not_found: { status: 404, title: 'No such agent' },
  session_not_found: { status: 404, title: 'No such session' },
  call_not_found: { status: 404, title: 'No such call' },
  route_not_found: { status: 404, title: 'No such endpoint' },
  method_not_allowed: { status: 405, title: 'The endpoint does not support this method' },
  batch_not_found: { status: 404, title: 'No such batch of reruns' },
  key_not_found: { status: 404, title: 'No such API key' },
  webhook_not_found: { status: 404, title: 'No such webhook' },
  event_not_found: { status: 404, title: 'No such event' },
  alert_not_found: { status: 404, title: 'No such alert' },
  silence_not_found: { status: 404, title: 'No such silence' },
  silences_full: { status: 422, title: 'There are too many silences' },
  project_not_found: { status: 404, title: 'No such project' },
  project_exists: { status: 409, title: 'There is, or was, a project with this name' },
  project_closed: { status: 409, title: 'The project is closed and takes nothing new' },
  projects_full: { status: 422, title: 'There are too many projects' },
  default_project: { status: 409, title: 'This cannot be done to the project default' },
  key_ended: { status: 409, title: 'The API key has expired or was revoked' },
  last_admin_key: { status: 409, title: 'The last API key with the scope admin cannot be revoked by itself' },
  session_exists: { status: 409, title: 'There is a session with this id' },
  payload_lost: {
    status: 410,
    title: 'A text that this request needs is lost or damaged in the payload store',
  },
  reset_retired: { status: 410, title: 'Calls are no longer reset; run the call again instead' },
  body_too_large: { status: 413, title: 'The body is larger than the limit' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  validation_failed: { status: 422, title: 'The request has invalid fields' },
  idempotency_mismatch: { status: 422, title: 'The Idempotency-Key belongs to another request' },
  session_metadata_full: { status: 422, title: "The session's metadata would exceed the limit" },
  address_refused: { status: 422, title: 'Agents may not live at this address' },
  first_key_not_admin: { status: 422, title: 'The first API key needs the scope admin' },
  webhook_address_refused: { status: 422, title: 'Webhooks may not be sent to this address' },
  webhooks_full: { status: 422, title: 'There are too many webhooks' },
  webhook_disabled: { status: 409, title: 'The webhook is switched off' },
  redeliveries_full: { status: 409, title: 'Too many redeliveries wait' },
  keys_full: { status: 422, title: 'There are too many API keys' },
  agents_full: { status: 422, title: 'The agent directory is full' },
  session_queue_full: { status: 429, title: 'Too many calls wait for this session' },
  session_busy: { status: 429, title: 'Another call has the turn of this session, or waits for it' },
  limit_reached: { status: 429, title: 'The API key or its project has used what it may' },
  overloaded: { status: 429, title: 'Too many calls are in flight' },
  internal: { status: 500, title: 'A fault of Holdfast itself' },
  shutting_down: { status: 503, title: 'This node is shutting down' },
  agent_paused: { status: 503, title: 'An operator has paused the agent' },
  issuer_unavailable: { status: 503, title: 'The OpenID Connect issuer does not answer' },
  temporal_unavailable: { status: 503, title: 'Temporal does not answer' },
  disk_full: { status: 503, title: 'The disk of the data directory or of the payload store is full' },
  payload_store_unavailable: { status: 503, title: 'The store of large texts does not answer or is full' },
} as const satisfies Record<string, RefusalRow>;

/**
 * The type of a refusal, e.g. `agent_not_found`. It is the last part of the problem document's `type`
 * (`urn:holdfast:problem:...`) and part of the API.
 */
export type RefusalType = keyof typeof refusals;

/** A limit on how many things may exist at the same time. The RateLimit headers report it. */
export interface RateLimit {
  readonly name: string;
  readonly quota: number;
  /** For a limit of things in a time instead: how long that is. */
  readonly seconds?: number;
  /** How much of the quota is left. Default: nothing. */
  readonly remaining?: number;
}

interface RefusalOptions {
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly limit?: RateLimit;
  readonly cause?: unknown;
}

/** The types of refusals with status 429. */
type TooManyType = {
  [T in RefusalType]: (typeof refusals)[T]['status'] extends 429 ? T : never;
}[RefusalType];
/** The types of refusals with any status but 429. */
export type OtherRefusalType = Exclude<RefusalType, TooManyType>;
/** The options of a refusal with status 429. It must have the limit that was reached, and when to try again. */
type TooManyOptions = RefusalOptions & Required<Pick<RefusalOptions, 'limit' | 'retryAfterSeconds'>>;

/**
 * Thrown by services and the API if they refuse a request for a reason that the caller can act on. The API turns it into an RFC
 * 9457 problem document.
 */
export class Refusal extends Error {
  readonly type: RefusalType;
  /** Extra members of the problem body, e.g. `errors` of `validation_failed`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  /** The limit that was reached, for the RateLimit headers. */
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

  /** Returns a copy of this refusal with other extra members in its problem body. */
  withExtra(extra: Readonly<Record<string, unknown>>): Refusal {
    const { retryAfterSeconds, limit, cause } = this;
    const options = { extra, retryAfterSeconds, limit, cause } as TooManyOptions;
    return new Refusal(this.type as TooManyType, this.message, options);
  }
}

/** Makes the refusal `validation_failed` for one field. */
export function invalid(field: string, message: string): Refusal {
  return new Refusal('validation_failed', `${field}: ${message}`, {
    extra: { errors: [{ field, message }] },
  });
}
