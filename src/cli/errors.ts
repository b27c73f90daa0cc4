/** Errors with a message for the user. main.ts prints the message without a stack and exits with the error's exit code. */
import type { Problem } from '../contract/problem.ts';
import type { ExitName } from './exit-codes.ts';

/** A failure that the user can act on. The message says what happened and what to do. */
export class CliError extends Error {
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.exit = exit;
  }
}

/**
 * Thrown if a node refuses a request. Holds the problem document (RFC 9457) and the seconds of the Retry-After header, if any.
 */
export class ProblemError extends CliError {
  readonly problem: Problem;
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfter: string | undefined) {
    super('refused', describeProblem(problem, retryAfter));
    this.problem = problem;
    this.retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter);
  }
}

/** What the user can do about a refusal, by its `error_type`. */
const hints: Readonly<Record<string, string>> = {
  unauthorized:
    "set HOLDFAST_API_KEY to a valid key: one that holdfast keys create has shown, or one of the node's HOLDFAST_API_KEYS",
  scope_missing: 'use a key with that scope, or create one: holdfast keys create --scope ...',
  no_rights: 'HOLDFAST_OIDC_GROUPS of the node says which groups may do what',
  last_admin_key: 'create another key first: holdfast keys create --name operator --scope admin',
  agent_not_found: 'holdfast agents list shows the registered agents',
  call_not_found: 'holdfast calls list shows the calls that Temporal still keeps',
  session_not_found: 'holdfast sessions list shows the sessions that exist',
  webhook_not_found: 'holdfast webhooks list shows the webhooks of the project',
  event_not_found: 'holdfast webhooks deliveries shows the events that were sent',
  webhook_disabled: 'switch it on with holdfast webhooks enable',
  route_not_found: 'the node runs another version: compare holdfast --version with the version of the node',
  temporal_unavailable: "run holdfast doctor on the node's machine to find the cause",
};

function describeProblem(
  { title, detail, error_type, errors = [] }: Problem,
  retryAfter: string | undefined,
): string {
  const hint = hints[error_type];
  const fields = errors.map(({ field, message }) => `${field}: ${message}`);
  // The detail often repeats the fields in one line; they are then printed once.
  const same = detail === fields.join('; ');
  return [
    same && fields.length > 1 ? `${title}:` : `${title}: ${detail}`,
    ...(same && fields.length === 1 ? [] : fields.map((field) => `  - ${field}`)),
    ...(retryAfter === undefined ? [] : [`Try again in ${retryAfter} s.`]),
    ...(hint === undefined ? [] : [`What to do: ${hint}.`]),
  ].join('\n');
}

/** Makes the error for a node that cannot be reached, or that broke off its answer. */
export function unreachable(url: string, cause: unknown): CliError {
  return new CliError(
    'unreachable',
    `Cannot reach a node at ${url} (${reasonOf(cause)}): is it running? Start one with npm start, or set HOLDFAST_URL.`,
    { cause },
  );
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
