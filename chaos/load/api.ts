/**
 * The HTTP client of the load. It limits the time of each request and checks every answer for things that no client should get.
 */
import type { Secrets } from '../secrets.ts';
import type { Journal } from './journal.ts';

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined if it is not JSON. */
  readonly body: Json | undefined;
  readonly text: string;
}

/** `timeoutMs` is 10 s by default. */
export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export class Api {
  private readonly urls: Map<string, string>;
  private names: readonly string[];
  private readonly apiKey: string;
  private readonly secrets: Secrets;
  private readonly journal: Journal;

  constructor(
    urls: Readonly<Record<string, string>>,
    apiKey: string,
    { secrets, journal }: { secrets: Secrets; journal: Journal },
  ) {
    this.urls = new Map(Object.entries(urls));
    this.names = Object.keys(urls);
    this.apiKey = apiKey;
    this.secrets = secrets;
    this.journal = journal;
  }

  /** Names of the facades that the load uses now. */
  get facades(): readonly string[] {
    return this.names;
  }

  /** Adds a facade to those that the load uses. */
  join(facade: string, url: string): void {
    this.urls.set(facade, url);
    this.names = [...this.names, facade];
  }

  /** Removes a facade from those that the load uses. A step that has already picked it still sends its requests there. */
  leave(facade: string): void {
    this.names = this.names.filter((name) => name !== facade);
  }

  /** Sends a request. Returns undefined if no complete answer came within the timeout. */
  async send(
    facade: string,
    method: string,
    path: string,
    { body, headers, timeoutMs = 10_000 }: RequestOptions = {},
  ): Promise<Answer | undefined> {
    try {
      const response = await fetch(`${this.urls.get(facade) ?? ''}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.apiKey}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      this.inspect(`${method} ${path}`, response, text);
      return { status: response.status, headers: response.headers, body: parsed(text), text };
    } catch {
      return undefined;
    }
  }

  /**
   * Records a violation for an answer that is never allowed, whatever fault is active: a 500, a refusal without a problem
   * document, a secret.
   */
  private inspect(request: string, response: Response, text: string): void {
    const { status } = response;
    this.journal.statuses.set(status, (this.journal.statuses.get(status) ?? 0) + 1);
    const type = response.headers.get('content-type') ?? '';
    if (status === 500) this.journal.recordViolation('answers', `${request}: 500 ${text.slice(0, 300)}`);
    else if (status >= 400 && !type.startsWith('application/problem+json'))
      this.journal.recordViolation('answers', `${request}: ${status} of type ${type}`);
    if ((status === 429 || status === 503) && response.headers.get('retry-after') === null)
      this.journal.recordViolation('answers', `${request}: ${status} without Retry-After`);
    for (const name of this.secrets.foundIn(text))
      this.journal.recordViolation('I5', `The answer to ${request} holds ${name}`);
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
