/**
 * The OpenID Connect issuer: what it says about itself is read when it is first needed, so that a node starts without it, and
 * is asked for again after a failure.
 */
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  discovery,
  enableNonRepudiationChecks,
  None,
  type ClientAuth,
  type Configuration,
  type ServerMetadata,
} from 'openid-client';
import type { GroupMap } from '../../domain/group-map.ts';
import { Refusal } from '../../domain/failures.ts';

/** How long one request to the issuer may take. */
export const issuerTimeoutSeconds = 5;
/** How much the clocks of the issuer and of this node may differ. */
export const clockToleranceSeconds = 30;
/** After a failure the issuer is not asked again for so long, so that it is not flooded by those who wait for it. */
const pauseMs = 1_000;

export interface IssuerSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: a public client. */
  readonly clientSecret: string | undefined;
  readonly audience: string;
  readonly groups: GroupMap;
  readonly groupsClaim: string;
}

export class Issuer {
  readonly settings: IssuerSettings;
  private readonly url: URL;
  private found: Promise<Configuration> | undefined;
  private readonly failed: (why: string) => void;
  private readonly pause = this.newPause();

  /** `failed` is told, for the log, why the issuer could not be asked. */
  constructor(settings: IssuerSettings, failed: (why: string) => void) {
    this.settings = settings;
    this.failed = failed;
    this.url = new URL(settings.issuer);
  }

  /** Returns what is known of the issuer. Concurrent callers share one request. Throws the refusal `issuer_unavailable`. */
  async known(): Promise<Configuration> {
    const asked = (this.found ??= this.pause.unlessFailing(() => this.discover()));
    try {
      return await asked;
    } catch (error) {
      if (this.found === asked) this.found = undefined;
      throw issuerUnavailable(error);
    }
  }

  /** Where the issuer's keys are. Throws the refusal `issuer_unavailable`. */
  async keysUrl(): Promise<URL> {
    return new URL((await this.known()).serverMetadata().jwks_uri ?? '');
  }

  /** For one kind of request to the issuer. */
  newPause(): Pause {
    return new Pause((error) => this.failed(reasonOf(error)));
  }

  private async discover(): Promise<Configuration> {
    const { clientId, clientSecret } = this.settings;
    const metadata = { [clockTolerance]: clockToleranceSeconds };
    const found = await discovery(this.url, clientId, metadata, clientAuth(clientSecret), {
      timeout: issuerTimeoutSeconds,
      // Signatures are checked although the tokens come from the issuer itself: on loopback without TLS.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- Marked so only as a warning.
      execute: [enableNonRepudiationChecks, ...(this.isInsecure ? [allowInsecureRequests] : [])],
    });
    this.requireWhole(found.serverMetadata());
    return found;
  }

  private requireWhole(metadata: ServerMetadata): void {
    // The library takes any issuer at hosts that have one for each of many tenants, so it is compared here.
    if (!URL.canParse(metadata.issuer) || new URL(metadata.issuer).href !== this.url.href)
      throw new Error('The issuer calls itself otherwise');
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
      const url = metadata[name] ?? '';
      const { protocol } = URL.canParse(url) ? new URL(url) : { protocol: '' };
      if (protocol !== 'https:' && !(this.isInsecure && protocol === 'http:'))
        throw new Error(`The issuer names no ${name} with https`);
    }
  }

  /** The settings allow http on loopback only. */
  private get isInsecure(): boolean {
    return this.url.protocol === 'http:';
  }
}

/** Refuses further tries for a moment after one has failed. */
class Pause {
  private readonly failed: (error: unknown) => void;
  private until = 0;

  constructor(failed: (error: unknown) => void) {
    this.failed = failed;
  }

  async unlessFailing<T>(attempt: () => Promise<T>): Promise<T> {
    if (performance.now() < this.until) throw new Error('The issuer has just failed to answer');
    try {
      return await attempt();
    } catch (error) {
      this.until = performance.now() + pauseMs;
      this.failed(error);
      throw error;
    }
  }
}

/** What was answered is left out: only messages of the library, and codes like ECONNREFUSED. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: unknown; status?: unknown } };
  const detail = cause?.code ?? cause?.status;
  const isShort = typeof detail === 'number' || (typeof detail === 'string' && /^\w{1,40}$/.test(detail));
  return `${message ?? 'unknown'}${isShort ? ` (${detail})` : ''}`;
}

export function issuerUnavailable(cause: unknown): Refusal {
  return new Refusal(
    'issuer_unavailable',
    'The OpenID Connect issuer (HOLDFAST_OIDC_ISSUER) does not answer as it should, so nobody can say whether this is valid: try again, or use an API key',
    { retryAfterSeconds: 2, cause },
  );
}

/** The way to show the secret depends on what the issuer takes. By default that is Basic (OpenID Connect Discovery, 3). */
function clientAuth(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None();
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    const takesBasic = methods.includes('client_secret_basic') || !methods.includes('client_secret_post');
    (takesBasic ? basic : post)(server, ...rest);
  };
}
