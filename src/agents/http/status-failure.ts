import type { Dispatcher } from 'undici';
import { failures, type ErrorType } from '../../domain/failures.ts';
import { parseHttpDate, parseRetryAfter, parseRetryAfterMs } from '../../domain/retry.ts';
import { agentsOwnError, errorText, excerptOf, redactCut } from '../redaction/error-text.ts';
import { saysQuotaIsUsedUp } from '../quota.ts';
import type { Redactor } from '../redaction/redactor.ts';
import { readExcerpt } from './response-body.ts';
import { AgentError } from '../transport.ts';

/**
 * Converts a response with a status other than 200 and 201 to an `AgentError`. The status determines its type, the body its
 * text.
 */
export async function statusFailure(
  response: Dispatcher.ResponseData,
  redactor: Redactor,
): Promise<AgentError> {
  const { statusCode, headers } = response;
  const { text, complete } = await readExcerpt(response);
  const said = complete ? text : redactCut(text, redactor);
  const type = statusCode === 429 && saysQuotaIsUsedUp(text) ? 'quota_exceeded' : typeOfStatus(statusCode);
  const retryAfterMs = failures[type].retry === 'no' ? undefined : retryAfter(headers);
  return new AgentError(type, errorText(headline(statusCode), agentsOwnError(said), redactor), {
    statusCode,
    answer: {
      status: statusCode,
      headers: tellingHeaders(headers, redactor),
      excerpt: excerptOf(said, redactor, maxExcerptLength),
    },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

const maxExcerptLength = 300;
const maxHeaderLength = 100;
/** The headers that say something about a failure. */
const telling = ['content-type', 'retry-after', 'retry-after-ms', 'request-id', 'x-request-id'] as const;

function tellingHeaders(
  headers: Dispatcher.ResponseData['headers'],
  redactor: Redactor,
): Record<string, string> {
  return Object.fromEntries(
    telling.flatMap((name) => {
      const value = [headers[name]].flat()[0];
      return value === undefined ? [] : [[name, excerptOf(value, redactor, maxHeaderLength)]];
    }),
  );
}

/** The 4xx statuses, besides 429, that another try may resolve: request timeout, conflict, locked, too early. */
const transientStatuses: Readonly<Record<number, ErrorType>> = {
  408: 'timeout',
  409: 'model_error',
  423: 'model_error',
  425: 'model_error',
};

function typeOfStatus(status: number): ErrorType {
  const type = transientStatuses[status];
  if (type) return type;
  if (status === 429) return 'rate_limit';
  if (status === 401 || status === 403) return 'auth';
  if (status >= 400 && status < 500) return 'invalid_request';
  if (status >= 500 && status < 600) return 'model_error';
  if (status >= 600) return 'unknown'; // HTTP defines only the classes 1xx to 5xx.
  return 'invalid_response';
}

function headline(status: number): string {
  if (status >= 300 && status < 400) return `The agent answered ${status}; redirects are not followed`;
  if (status === 202)
    return 'The agent answered 202: it promises an answer for later, which Holdfast does not support';
  if (status < 300) return `The agent answered ${status}, which is no answer to a question`;
  return `The agent answered ${status}`;
}

/**
 * Returns in how many ms the agent wants to be asked again; undefined if it does not say. `retry-after-ms` has precedence,
 * because it is more exact. A date is compared with the answer's `Date`, because our clock may differ.
 */
function retryAfter(headers: Dispatcher.ResponseData['headers']): number | undefined {
  const first = (name: string): string | undefined => [headers[name]].flat()[0];
  const nowMs = parseHttpDate(first('date')) ?? Date.now();
  return parseRetryAfterMs(first('retry-after-ms')) ?? parseRetryAfter(first('retry-after'), nowMs);
}
