/** Same-origin JSON over fetch: the browser adds the credentials it was given for this page. */
import type { FieldError, Problem as ProblemOnWire } from '../../src/contract/problem.ts';

export class Problem extends Error {
  readonly title: string;
  readonly fields: readonly FieldError[];
  /** The same may go well in a moment: the node is away, starts, or is busy. */
  readonly transient: boolean;

  constructor(title: string, detail: string, fields: Problem['fields'] = [], transient = false) {
    super(detail);
    this.title = title;
    this.fields = fields;
    this.transient = transient;
  }
}

/** Whatever was thrown, as something to show. */
export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('The page itself failed', String(error));
}

/** `key`: the Idempotency-Key. Throws `Problem`. */
export async function send<T>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
  key?: string,
): Promise<T> {
  const json = body === undefined ? undefined : body instanceof Blob ? body : JSON.stringify(body);
  const response = await fetch(`/api/vps${path}`, {
    method,
    ...(json !== undefined && { body: json }),
    headers: {
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
    },
  }).catch(() => {
    throw away();
  });
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

const away = (): Problem =>
  new Problem('The node does not answer', 'It may be restarting: this page tries again by itself.', [], true);

/** Why the node refuses a stream for good; undefined if it does not, or is away. A stream itself does not tell. */
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

/** `?a=1&b=2` of what is set; empty for nothing. */
export function queryString(values: Readonly<Record<string, string | number | undefined>>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
}

/** One segment of a path. */
export const segment = encodeURIComponent;

/** Browsers drop these, percent-encoded too. */
export const isDots = (text: string): boolean => text === '.' || text === '..';

/** The desk's page of a session. */
export const sessionPage = (id: string): string =>
  isDots(id) ? `/session${queryString({ id })}` : `/sessions/${segment(id)}`;
