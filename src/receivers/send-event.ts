/**
 * Sends signed events to receivers of webhooks (https://www.standardwebhooks.com).
 *
 *   send -> checkTarget -> turn -> sign -> pools (addresses checked at connect) -> status -> discardBody
 *
 * One `send` is one try: repeating it is up to the caller. A receiver may get the event twice, and knows it by its
 * `webhook-id`.
 */
import { Webhook } from 'standardwebhooks';
import type { Dispatcher } from 'undici';
import { StaleConnectionError } from '../agents/http/kept-connection.ts';
import { parseHttpDate, parseRetryAfter } from '../domain/retry.ts';
import { KeyedSemaphores } from '../lib/keyed-semaphores.ts';
import { untilAborted } from '../lib/until-aborted.ts';
import { discardBody } from './discard-body.ts';
import { startLimit } from './limit.ts';
import { createPools, requestsPerOrigin, type PoolOptions, type Pools } from './pools.ts';
import { sendErrorText } from './send-error.ts';
import { checkTarget } from './target.ts';

export interface SenderOptions extends PoolOptions {
  /** Time limit of one `send`, in ms, from the lookup of the host to the answer. */
  readonly timeoutMs: number;
  /** Version of Holdfast, for the `User-Agent`. */
  readonly version: string;
}

export interface OutgoingEvent {
  readonly url: string;
  /** One or more, as `newWebhookSecret` makes them. The event is signed with each. */
  readonly secrets: readonly string[];
  /** The `webhook-id`, the same on every try. */
  readonly id: string;
  /** Time of this try in seconds since 1970. Receivers refuse what is off by more than five minutes. */
  readonly timestamp: number;
  /** JSON. */
  readonly body: string;
  /** Further headers, in lower case. They replace none of the sender's own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a try went. `status` is that of HTTP, or a reply code of SMTP. `ms` is the time until it came, or until the failure. */
export type SendResult =
  | { readonly ok: true; readonly status: number; readonly ms: number }
  | {
      readonly ok: false;
      /** The status of the answer, if there was one. */
      readonly status?: number;
      /** A short text without the URL, secrets, or anything that the receiver wrote. */
      readonly error: string;
      /** When the receiver wants the next try: 0 to 3,600. */
      readonly retryAfterSeconds?: number;
      /** The receiver answered 410: it wants no more events. */
      readonly gone?: true;
      readonly ms: number;
    };

type Answer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>;

const maxRetryAfterSeconds = 3_600;

export class Sender {
  private readonly options: SenderOptions;
  private readonly pools: Pools;
  private readonly origins = new KeyedSemaphores();

  constructor(options: SenderOptions) {
    this.options = options;
    this.pools = createPools(options);
  }

  /**
   * Tries once to deliver the event, when fewer than 64 are on their way to its origin: that wait belongs to no try, and counts
   * neither in its time limit nor in `ms`. Whatever the receiver does becomes a result. Throws the signal's reason if that is
   * aborted before the answer's status has come, and errors that are our own: an invalid secret, a closed sender, a lack of
   * file descriptors.
   */
  async send(event: OutgoingEvent, signal: AbortSignal): Promise<SendResult> {
    signal.throwIfAborted();
    const target = checkTarget(event.url, this.options.rules);
    if (!target.ok) return { ok: false, error: target.reason, ms: 0 };
    const asked = performance.now();
    const send = (): Promise<SendResult> => {
      const waitedSeconds = Math.floor((performance.now() - asked) / 1_000);
      return this.sendTo(target.url, { ...event, timestamp: event.timestamp + waitedSeconds }, signal);
    };
    return this.origins.run(target.url.origin, requestsPerOrigin, send, { signal });
  }

  /** Ends all connections. A `send` that still runs throws. */
  close(): Promise<void> {
    return this.pools.close();
  }

  private async sendTo(url: URL, event: OutgoingEvent, signal: AbortSignal): Promise<SendResult> {
    const begin = performance.now();
    const ms = (): number => Math.round(performance.now() - begin);
    const headers = this.headersOf(event);
    const { timeoutMs } = this.options;
    const limit = startLimit(timeoutMs, signal);
    try {
      const { origin, pathname, search } = url;
      const request = { origin, path: pathname + search, method: 'POST', headers, body: event.body } as const;
      const response = await untilAborted(limit.signal, this.post({ ...request, signal: limit.signal }));
      const result = resultOf(response, ms());
      await discardBody(response, limit.signal);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      const text = limit.signal.aborted ? `timeout after ${timeoutMs / 1_000} s` : sendErrorText(error);
      if (text === undefined) throw error;
      return { ok: false, error: text, ms: ms() };
    } finally {
      limit.end();
    }
  }

  /** A receiver may close an idle connection just as the event goes out on it: a new connection is then used, at once. */
  private async post(request: Dispatcher.RequestOptions & { readonly signal: AbortSignal }) {
    try {
      return await this.pools.kept.request(request);
    } catch (error) {
      if (!(error instanceof StaleConnectionError) || request.signal.aborted) throw error;
      return await this.pools.fresh.request(request);
    }
  }

  private headersOf({ secrets, id, timestamp, body, headers }: OutgoingEvent): Record<string, string> {
    const at = new Date(timestamp * 1_000);
    return {
      ...headers,
      'content-type': 'application/json',
      'user-agent': `Holdfast/${this.options.version}`,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
    };
  }
}

function resultOf(answer: Answer, ms: number): SendResult {
  const { statusCode: status } = answer;
  if (status >= 200 && status < 300) return { ok: true, status, ms };
  const redirect = status >= 300 && status < 400 && status !== 304 ? ': redirects are not followed' : '';
  const retryAfterSeconds = retryAfter(answer);
  return {
    ok: false,
    status,
    error: `HTTP ${status}${redirect}`,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(status === 410 && { gone: true }),
    ms,
  };
}

/** `Retry-After` in seconds. A date is compared with the answer's own `Date`, because our clock may differ. */
function retryAfter({ headers }: Answer): number | undefined {
  const first = (name: string): string | undefined => [headers[name]].flat()[0];
  const ms = parseRetryAfter(first('retry-after'), parseHttpDate(first('date')) ?? Date.now());
  return ms === undefined ? undefined : Math.min(Math.ceil(ms / 1_000), maxRetryAfterSeconds);
}
