/**
 * The cookie of a browser that is on its way to the OpenID Connect issuer and back. It holds, sealed, what ties the issuer's
 * answer to this browser. It comes back with a link from the issuer's site, so it cannot be SameSite=Strict.
 */
import type { CookieOptions, Request, Response } from 'express';
import { z } from 'zod';
import type { Sealer } from '../../platform/sealing.ts';
import { readToken } from './read-token.ts';

const attemptCookie = 'holdfast_oidc';
/** No agent has a name with a control character: see desk-cookie.ts. */
const context = '\u001foidc sign-in';
const lifeMs = 600_000;
const maxTokenLength = 3_600;

const contents = z.object({
  secrets: z.object({ state: z.string(), nonce: z.string(), verifier: z.string() }),
  redirectUri: z.string(),
  to: z.string(),
  until: z.number(),
});

export type SignInAttempt = Omit<z.output<typeof contents>, 'until'>;

export class SignInAttempts {
  private readonly sealer: Sealer;
  private readonly now: () => number;
  private readonly path: string;

  /** `path` is where the cookie is sent; `now` is in epoch ms. */
  constructor(sealer: Sealer, now: () => number, path: string) {
    this.sealer = sealer;
    this.now = now;
    this.path = path;
  }

  begin(response: Response, attempt: SignInAttempt): void {
    const token = this.sealer.seal(JSON.stringify({ ...attempt, until: this.now() + lifeMs }), context);
    response.cookie(attemptCookie, token, { ...this.optionsFor(attempt), maxAge: lifeMs });
  }

  /** Returns the attempt of this browser. One that is damaged, over or sent twice counts as none. */
  read(request: Request): SignInAttempt | undefined {
    try {
      const token = readToken(request, attemptCookie, maxTokenLength) ?? '';
      const { until, ...attempt } = contents.parse(JSON.parse(this.sealer.open(token, context)));
      return until > this.now() ? attempt : undefined;
    } catch {
      return undefined;
    }
  }

  end(response: Response, attempt: SignInAttempt): void {
    response.clearCookie(attemptCookie, this.optionsFor(attempt));
  }

  private optionsFor({ redirectUri }: SignInAttempt): CookieOptions {
    return { httpOnly: true, sameSite: 'lax', path: this.path, secure: redirectUri.startsWith('https:') };
  }
}
