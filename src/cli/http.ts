/** The HTTP client for a node: JSON in and out, and streams. */
import { Agent, request as sendRequest, type Dispatcher } from 'undici';
import type { Problem } from '../contract/problem.ts';
import type { JsonText } from './json-text.ts';
import type { CliSettings } from '../platform/cli-settings.ts';
import { CliError, ProblemError, unreachable } from './errors.ts';

/** Every answer of a node has this header, so an answer without it comes from another program. */
const nodeHeader = 'holdfast-api';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;
type Method = Dispatcher.HttpMethod;

/** The contents of one request, and its limits. */
export interface RequestOptions {
  readonly query?: Query | undefined;
  /** The body, serialized as JSON. */
  readonly body?: object | undefined;
  /**
   * More members of the body, sent as the user wrote them. If they were parsed, values that JavaScript cannot represent would
   * change silently; sent unchanged, the node refuses them and names them.
   */
  readonly rawMembers?: Readonly<Record<string, JsonText | undefined>>;
  /** A body that is already JSON text. It replaces `body`. */
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time limit for the answer, in ms. Default: HOLDFAST_CLI_TIMEOUT_SECONDS. */
  readonly timeoutMs?: number | 'none';
  /** The longest silence, in ms, while the body of the answer is read. Default: no limit. */
  readonly silenceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer of the node that is not a refusal. */
export interface NodeAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/**
 * Sends requests to one node. Each method throws `ProblemError` if the node refuses the request, and `CliError` with the exit
 * `unreachable` if no Holdfast node answers.
 */
export class NodeClient {
  /** The node's URL without user name and password, so that it can be shown to the user. */
  readonly url: string;
  /** The project that the user names, by --project or HOLDFAST_PROJECT. */
  readonly project: string | undefined;
  /** How long to try to reconnect to a lost node, in ms: HOLDFAST_CLI_RECONNECT_SECONDS. */
  readonly reconnectMs: number;
  private readonly settings: CliSettings;
  // No limits of undici: its five minutes are too short for some calls. `send` sets a limit per request.
  private readonly agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  constructor(settings: CliSettings) {
    this.settings = settings;
    this.url = withoutUserInfo(settings.url);
    this.reconnectMs = settings.reconnectMs;
    this.project = settings.project;
  }

  /** Sends a GET and returns the body of the answer. */
  async get<T>(path: string, query?: Query): Promise<T> {
    return (await this.request<T>('GET', path, { query })).body;
  }

  /** Sends a request and reads the whole answer as JSON. */
  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<NodeAnswer<T>> {
    const { statusCode, body } = await this.open(method, path, options);
    const text = await body.text().catch((error: unknown) => {
      throw unreachable(this.url, error);
    });
    return { status: statusCode, body: (text === '' ? undefined : this.parse(text, statusCode)) as T };
  }

  /** Sends a request. Resolves with the status and headers of the answer; the caller reads its body. */
  async open(method: Method, path: string, options: RequestOptions = {}): Promise<Dispatcher.ResponseData> {
    const answer = await this.send(method, path, options);
    if (answer.headers[nodeHeader] === undefined) {
      answer.body.on('error', () => undefined).destroy(); // It may never end.
      throw this.notHoldfast(answer.statusCode);
    }
    if (answer.statusCode < 400) return answer;
    const text = await answer.body.text();
    const problem = this.parse(text, answer.statusCode);
    if (!isProblem(problem)) throw this.notHoldfast(answer.statusCode);
    const retryAfter = answer.headers['retry-after'];
    throw new ProblemError(problem, typeof retryAfter === 'string' ? retryAfter : undefined);
  }

  /** Closes all connections. Requests in flight fail. */
  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async send(
    method: Method,
    path: string,
    options: RequestOptions,
  ): Promise<Dispatcher.ResponseData> {
    const {
      body,
      rawMembers,
      stream,
      query = {},
      headers = {},
      timeoutMs = this.settings.timeoutMs,
      signal,
    } = options;
    const limit = timeoutMs === 'none' ? undefined : AbortSignal.timeout(timeoutMs);
    const signals = [limit, signal].filter((one) => one !== undefined);
    const json = body !== undefined || stream !== undefined;
    const payload = stream ?? (body === undefined ? undefined : withMembers(body, rawMembers));
    try {
      return await sendRequest(`${this.settings.url}/api/vps${path}${toQuery(query)}`, {
        method,
        dispatcher: this.agent,
        ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
        ...(payload !== undefined && { body: payload as string }),
        ...(options.silenceMs !== undefined && { bodyTimeout: options.silenceMs }),
        headers: {
          ...(json && { 'Content-Type': 'application/json' }),
          ...(this.settings.apiKey !== undefined && { Authorization: `Bearer ${this.settings.apiKey}` }),
          ...(this.settings.project !== undefined && { 'Holdfast-Project': this.settings.project }),
          ...headers,
        },
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (limit?.aborted)
        throw new CliError(
          'unreachable',
          `The node at ${this.url} did not answer in time: raise HOLDFAST_CLI_TIMEOUT_SECONDS, or check the node with holdfast doctor`,
          { cause: error },
        );
      throw unreachable(this.url, error);
    }
  }

  private parse(text: string, status: number): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw this.notHoldfast(status);
    }
  }

  private notHoldfast(status: number): CliError {
    return new CliError(
      'unreachable',
      `The server at ${this.url} (HTTP ${status}) is not a Holdfast node: check HOLDFAST_URL`,
    );
  }
}

/** Returns the body as JSON text with the raw members appended. */
function withMembers(body: object, rawMembers: RequestOptions['rawMembers'] = {}): string {
  const members = [JSON.stringify(body).slice(1, -1)];
  for (const [name, text] of Object.entries(rawMembers))
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  return `{${members.filter((one) => one !== '').join(',')}}`;
}

function toQuery(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}

function isProblem(body: unknown): body is Problem {
  const { title, detail, error_type } = (body ?? {}) as Partial<Record<keyof Problem, unknown>>;
  return [title, detail, error_type].every((member) => typeof member === 'string');
}

function withoutUserInfo(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
}
