/** HTTP to the facades as a careful client speaks it: with a limit of its own, and nothing taken for granted. */
import type { FacadeName } from '../product/cluster.ts';
import type { Secrets } from '../secrets.ts';
import type { Journal } from './journal.ts';

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where it is no JSON object. */
  readonly body: Json | undefined;
  readonly text: string;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export class Api {
  private readonly urls: Readonly<Record<FacadeName, string>>;
  private readonly apiKey: string;
  private readonly secrets: Secrets;
  private readonly journal: Journal;

  constructor(
    urls: Readonly<Record<FacadeName, string>>,
    apiKey: string,
    { secrets, journal }: { secrets: Secrets; journal: Journal },
  ) {
    this.urls = urls;
    this.apiKey = apiKey;
    this.secrets = secrets;
    this.journal = journal;
  }

  /** Undefined: no whole answer came. */
  async send(
    facade: FacadeName,
    method: string,
    path: string,
    { body, headers, timeoutMs = 10_000 }: RequestOptions = {},
  ): Promise<Answer | undefined> {
    try {
      const response = await fetch(this.urls[facade] + path, {
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

  /** What no answer may be, whatever is being done to the product. */
  private inspect(request: string, response: Response, text: string): void {
    const { status } = response;
    this.journal.statuses.set(status, (this.journal.statuses.get(status) ?? 0) + 1);
    const type = response.headers.get('content-type') ?? '';
    if (status === 500) this.journal.odd('answers', `${request}: 500 ${text.slice(0, 300)}`);
    else if (status >= 400 && !type.startsWith('application/problem+json'))
      this.journal.odd('answers', `${request}: ${status} of type ${type}`);
    if ((status === 429 || status === 503) && response.headers.get('retry-after') === null)
      this.journal.odd('answers', `${request}: ${status} without Retry-After`);
    for (const name of this.secrets.foundIn(text))
      this.journal.odd('I5', `The answer to ${request} holds ${name}`);
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
