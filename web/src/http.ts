/**
 * JSON requests to the node that serves the page. The browser adds the cookie; here come the CSRF token and the project. A
 * request that is refused for want of a valid key leads to the page that asks for one.
 */
import type { FieldError, Problem as ProblemOnWire } from '../../src/contract/problem.ts';
import type { SignIn } from '../../src/contract/sign-in.ts';
import { projectToName } from './access/project.ts';
import { noteWho, signedOut, userOf, who } from './access/who.ts';
import { notify } from './ui/notice.tsx';

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

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/**
 * Sends a request and returns the parsed JSON body of the answer. `path` is below `/api/vps`, `key` is the Idempotency-Key,
 * `prefer` the header Prefer. Throws `Problem`.
 */
export async function send<T>(
  method: Method,
  path: string,
  body?: unknown,
  key?: string,
  prefer?: string,
): Promise<T> {
  const json = body === undefined ? undefined : body instanceof Blob ? body : JSON.stringify(body);
  const headers: Record<string, string> = {
    ...(json !== undefined && { 'Content-Type': 'application/json' }),
    ...(key !== undefined && { 'Idempotency-Key': key }),
    ...(prefer !== undefined && { Prefer: prefer }),
  };
  const project = projectToName();
  if (project !== undefined) headers['Holdfast-Project'] = project;
  const sender = who.value;
  const request = () => ask(method, path, json, headers);
  let { response, text } = await request();
  if (typeOf(text, response) === 'csrf_token_missing' && (await hasNewToken()))
    ({ response, text } = await request());
  if (!response.ok) throw refused(response, text, { path, sender });
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function ask(
  method: Method,
  path: string,
  body: string | Blob | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly response: Response; readonly text: string }> {
  const token = method === 'GET' ? null : who.value?.csrf_token;
  try {
    const response = await fetch(`/api/vps${path}`, {
      method,
      ...(body !== undefined && { body }),
      headers: {
        ...headers,
        ...(token != null && { 'Holdfast-CSRF-Token': token }),
      },
    });
    return { response, text: await response.text() };
  } catch {
    throw noAnswer();
  }
}

/**
 * Asks who is signed in, after a refused CSRF token: somebody may have signed in again in another tab. Returns whether there is
 * another token for the same key. With another key the user has to see first as whom they act.
 */
async function hasNewToken(): Promise<boolean> {
  const before = who.value;
  const now = await send<SignIn>('GET', '/sign-in');
  noteWho(now);
  if (before && now.signed_in && userOf(now) !== userOf(before))
    notify(`Nothing was sent: you are signed in as ${now.name ?? 'bootstrap key'} now`);
  return before !== undefined && now.csrf_token !== before.csrf_token && userOf(now) === userOf(before);
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
  const sender = who.value;
  try {
    const response = await fetch(url, { headers: { Accept: 'text/event-stream' }, signal: stop.signal });
    const problem = response.ok ? undefined : refused(response, await response.text(), { path: url, sender });
    return problem?.transient ? undefined : problem;
  } catch {
    return undefined;
  } finally {
    stop.abort();
  }
}

/** Returns the problem of a refused request. Without a valid key the desk asks for one; signing in says itself what is wrong. */
function refused(
  response: Response,
  text: string,
  { path, sender }: { readonly path: string; readonly sender: SignIn | undefined },
): Problem {
  const problem = problemOf(response, text);
  const isOut = response.status === 401 || typeOf(text, response) === 'no_rights';
  if (isOut && path !== '/sign-in') signedOut(problem.message, sender);
  return problem;
}

/** Returns the type of a refusal; undefined for an answer that is none. */
function typeOf(text: string, response: Response): string | undefined {
  if (response.status !== 403) return undefined;
  try {
    return (JSON.parse(text) as ProblemOnWire).error_type;
  } catch {
    return undefined;
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
