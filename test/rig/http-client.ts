/** A client that sends real HTTP requests to a node, with JSON in both directions. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined for an empty body. */
  readonly body: Json;
}

/** An answer as a client sees it: any JSON. The tests' assertions say what it must be. */
export type Json = Record<string, unknown>;

export class HttpClient {
  private readonly base: string;
  private readonly key: string | undefined;

  constructor(url: string, key?: string) {
    this.base = url;
    this.key = key;
  }

  get url(): string {
    return this.base;
  }

  /** The headers that authorise a request that is sent by other means. */
  get headers(): Readonly<Record<string, string>> {
    return this.key === undefined ? {} : { Authorization: `Bearer ${this.key}` };
  }

  /** The base URL for a request that is sent by other means. With several nodes each call returns the next one. */
  nextUrl(): string {
    return this.base;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.send('POST', path, body, headers);
  }

  patch(path: string, body: unknown): Promise<HttpAnswer> {
    return this.send('PATCH', path, body, {});
  }

  delete(path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.send('DELETE', path, undefined, headers);
  }

  call(body: Json, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    return this.post('/api/vps/call', body, headers);
  }

  /** Registers an agent on this machine. Throws if the registration is refused. */
  async register(name: string, port: number, more: Json = {}): Promise<void> {
    const { status, body } = await this.post('/api/vps/register', { name, host: '127.0.0.1', port, ...more });
    if (status !== 201) throw new Error(`Registering ${name}: ${status} ${JSON.stringify(body)}`);
  }

  protected async send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<HttpAnswer> {
    const response = await fetch(this.nextUrl() + path, {
      method,
      headers: {
        ...this.headers,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : parse(text)) as Json,
    };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { text };
  }
}
