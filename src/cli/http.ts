/** HTTP to a node: JSON in and out, streams; refusals are thrown as `ProblemError`, an absent node as `CliError`. */
import { Agent, request as sendRequest, type Dispatcher } from 'undici';
import type { Problem } from '../contract/problem.ts';
import type { JsonText } from './json-text.ts';
import type { CliSettings } from '../platform/cli-settings.ts';
import { CliError, ProblemError, unreachable } from './errors.ts';

/** On every answer of a node. */
const nodeHeader = 'holdfast-api';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;
type Method = Dispatcher.HttpMethod;

export interface RequestOptions {
  readonly query?: Query | undefined;
  /** Sent as JSON, or as it is where it is a stream of JSON. */
  readonly body?: object | undefined;
  /** More members of the body, as their user wrote them: the node tells what it cannot keep, which reading would change. */
  readonly rawMembers?: Readonly<Record<string, JsonText | undefined>>;
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the setting; `none` for what lasts as long as it lasts. */
  readonly timeoutMs?: number | 'none';
  /** How long the body may pause. Default: for ever. */
  readonly silenceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface NodeAnswer<T> {
  readonly status: number;
  readonly body: T;
}

export class NodeClient {
  /** As it may be shown: without a name and password. */
  readonly url: string;
  readonly reconnectMs: number;
  private readonly settings: CliSettings;
  // Limits are ours alone, per request: a call may be waited for longer than undici's own five minutes.
  private readonly agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  constructor(settings: CliSettings) {
    this.settings = settings;
    this.url = withoutUserInfo(settings.url);
    this.reconnectMs = settings.reconnectMs;
  }

  async get<T>(path: string, query?: Query): Promise<T> {
    return (await this.request<T>('GET', path, { query })).body;
  }

  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<NodeAnswer<T>> {
    const { statusCode, body } = await this.open(method, path, options);
    const text = await body.text().catch((error: unknown) => {
      throw unreachable(this.url, error);
    });
    return { status: statusCode, body: (text === '' ? undefined : this.parse(text, statusCode)) as T };
  }

  /** The answer's head has come and is no refusal; its body is read by the caller. */
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

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async send(method: Method, path: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
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
          ...headers,
        },
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (limit?.aborted)
        throw new CliError(
          'unreachable',
          `The node at ${this.url} did not answer in time: raise HOLDFAST_CLI_TIMEOUT_SECONDS, or look at it with holdfast doctor`,
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
      `What answers at ${this.url} (HTTP ${status}) is no Holdfast node: check HOLDFAST_URL`,
    );
  }
}

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
