/** JSON requests to the node that serves the page. The browser adds the credentials that the user gave it. */
import type { FieldError, Problem as ProblemOnWire } from '../../src/contract/problem.ts';

/** Thrown when a request fails: the node refused it or did not answer. The message is the detail of the refusal. */
export class Problem extends Error {
  readonly title: string;
  /** The invalid fields of the request. */
  readonly fields: readonly FieldError[];
  /** Whether a repeated request may succeed: the node is unreachable, is starting, or is busy. */
  readonly transient: boolean;

  constructor(title: string, detail: string, fields: Problem['fields'] = [], transient = false) {
    super(detail);
    this.title = title;
    this.fields = fields;
    this.transient = transient;
  }
}

/** Converts a thrown value to a problem that can be shown. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('The page itself failed', String(error));
}

/**
 * Sends a request and returns the parsed JSON body of the answer. `path` is below `/api/vps`, `key` is the Idempotency-Key,
 * `prefer` the header Prefer. Throws `Problem`.
 */
export async function send<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  key?: string,
  prefer?: string,
): Promise<T> {
  const json = body === undefined ? undefined : body instanceof Blob ? body : JSON.stringify(body);
  const response = await fetch(`/api/vps${path}`, {
    method,
    ...(json !== undefined && { body: json }),
    headers: {
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...(prefer !== undefined && { Prefer: prefer }),
    },
  }).catch(() => {
    throw noAnswer();
  });
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

const noAnswer = (): Problem =>
  new Problem(
    'The node does not answer',
    'It may be restarting. What the page shows is loaded again by itself; an action has to be repeated.',
    [],
    true,
  );

/**
 * Requests the URL of a stream to find out why the node refuses it, because an EventSource does not expose the answer.
 * Undefined if the node accepts the stream, if the refusal is transient, or if the node does not answer.
 */
export async function refusalOf(url: string): Promise<Problem | undefined> {
  const stop = new AbortController();
  try {
    const response = await fetch(url, { headers: { Accept: 'text/event-stream' }, signal: stop.signal });
    const problem = response.ok ? undefined : problemOf(response, await response.text());
    return problem?.transient ? undefined : problem;
  } catch {
    return undefined;
  } finally {
    stop.abort();
  }
}

function problemOf(response: Response, text: string): Problem {
  const transient = [429, 502, 503, 504].includes(response.status);
  try {
    const { title, detail, errors } = JSON.parse(text) as ProblemOnWire;
    return new Problem(title, detail, errors, transient);
  } catch {
    return new Problem(`The node answered ${response.status}`, text.slice(0, 300), [], transient);
  }
}

/**
 * Formats a query string such as `?a=1&b=2`. Leaves out values that are undefined or empty; returns an empty text if none is
 * left.
 */
export function queryString(values: Readonly<Record<string, string | number | undefined>>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
}

/** Encodes a value as one path segment. */
export const segment = encodeURIComponent;

/** Whether a text is a dot segment. Browsers remove those from paths, even percent-encoded ones. */
export const isDots = (text: string): boolean => text === '.' || text === '..';

/**
 * Returns the path of a session's page. An id that is a dot segment is put into the query, because it cannot be part of a path.
 */
export const sessionPage = (id: string): string =>
  isDots(id) ? `/session${queryString({ id })}` : `/sessions/${segment(id)}`;
