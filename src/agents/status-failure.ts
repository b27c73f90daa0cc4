import type { Dispatcher } from 'undici';
import type { ErrorType } from '../domain/failures.ts';
import { parseRetryAfter } from '../domain/retry.ts';
import { agentsOwnError, errorText } from './error-text.ts';
import type { Redactor } from './redactor.ts';
import { readExcerpt } from './response-body.ts';
import { AgentError } from './transport.ts';

/** The failure that a status stands for, with what the agent itself says of it. */
export async function statusFailure(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  redactor: Redactor,
): Promise<AgentError> {
  const { text, complete } = await readExcerpt(body);
  // A cut could leave the beginning of the token, which nobody would recognise.
  const said = complete ? text : text.slice(0, Math.max(0, text.length - redactor.longestSpelling));
  const retryAfterMs = retryAfter(statusCode, headers['retry-after']);
  return new AgentError(
    typeOfStatus(statusCode),
    errorText(headline(statusCode), agentsOwnError(said), redactor),
    { statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  );
}

function typeOfStatus(status: number): ErrorType {
  if (status === 429) return 'rate_limit';
  if (status === 401 || status === 403) return 'auth';
  if (status >= 400 && status < 500) return 'invalid_request';
  if (status >= 500 && status < 600) return 'model_error';
  if (status >= 600) return 'unknown'; // Beyond HTTP's five classes.
  return 'invalid_response';
}

function headline(status: number): string {
  if (status >= 300 && status < 400) return `The agent answered ${status}; redirects are not followed`;
  if (status < 300) return `The agent answered ${status}, which is no answer to a question`;
  return `The agent answered ${status}`;
}

/** RFC 9110 gives it a meaning for 503; 429 has it from RFC 6585. */
function retryAfter(status: number, header: string | string[] | undefined): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  return parseRetryAfter(Array.isArray(header) ? header[0] : header, Date.now());
}
