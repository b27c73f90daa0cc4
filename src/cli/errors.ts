/** Errors whose message alone tells the user what to do; main.ts prints them and leaves with their exit code. */
import type { Problem } from '../contract/problem.ts';
import type { ExitName } from './exit-codes.ts';

export class CliError extends Error {
  readonly exit: ExitName;

  constructor(exit: ExitName, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.exit = exit;
  }
}

export class ProblemError extends CliError {
  readonly problem: Problem;
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfter: string | undefined) {
    super('refused', tell(problem, retryAfter));
    this.problem = problem;
    this.retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter);
  }
}

const hints: Readonly<Record<string, string>> = {
  unauthorized: "set HOLDFAST_API_KEY to one of the node's HOLDFAST_API_KEYS",
  agent_not_found: 'holdfast agents list shows those that are registered',
  call_not_found: 'holdfast calls list shows those that are kept',
  session_not_found: 'holdfast sessions list shows those that are kept',
  route_not_found: 'this node is of another version: compare holdfast --version with that of the node',
  temporal_unavailable: 'holdfast doctor looks for the cause on the machine of the node',
};

function tell({ title, detail, error_type, errors = [] }: Problem, retryAfter: string | undefined): string {
  const hint = hints[error_type];
  const fields = errors.map(({ field, message }) => `${field}: ${message}`);
  // The detail often is its fields in one line.
  const same = detail === fields.join('; ');
  return [
    same && fields.length > 1 ? `${title}:` : `${title}: ${detail}`,
    ...(same && fields.length === 1 ? [] : fields.map((field) => `  - ${field}`)),
    ...(retryAfter === undefined ? [] : [`Try again in ${retryAfter} s.`]),
    ...(hint === undefined ? [] : [`What to do: ${hint}.`]),
  ].join('\n');
}

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
