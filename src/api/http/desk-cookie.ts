/**
 * The cookie of those who are signed in at the desk. It holds a token, sealed with the key that all nodes of the cluster share:
 * which key was shown, by its id and digest, or who has signed in at the issuer, and when the sign-in ends. Whether that key is
 * still valid, and what the groups of that person may do, is looked up with each request.
 */
import { timingSafeEqual } from 'node:crypto';
import type { CookieOptions, Request, Response } from 'express';
import { z } from 'zod';
import { Refusal } from '../../domain/failures.ts';
import type { Sealer } from '../../platform/sealing.ts';
import type { OfferedKey } from './key-check.ts';
import type { OfferedPerson } from './people-check.ts';
import { readToken } from './read-token.ts';

export const deskCookie = 'holdfast_desk';
export const csrfHeader = 'Holdfast-CSRF-Token';

/** The control character keeps it apart from agents' names, which are the contexts of their tokens. */
const context = '\u001fdesk sign-in';
/** Browsers keep cookies of up to 4,096 bytes, with their names and attributes. */
const maxTokenLength = 3_600;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
/** A kind of sign-in that only a newer node knows opens nothing here. */
const contents = z.object({
  shown: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('bootstrap'), digest }),
    z.object({ kind: z.literal('key'), id: z.string(), digest }),
    z.object({
      kind: z.literal('person'),
      issuer: z.string(),
      subject: z.string(),
      name: z.string(),
      groups: z.array(z.string()),
    }),
  ]),
  until: z.number(),
});

/** A sign-in that has not ended by itself. Its key may have. */
export interface DeskSignIn {
  readonly shown: OfferedKey | OfferedPerson;
  /** Epoch ms. */
  readonly until: number;
  readonly csrfToken: string;
}

interface Settings {
  /** How long a sign-in lasts. */
  readonly lifeMs: number;
  readonly publicOrigins: readonly string[];
}

export class DeskCookies {
  private readonly sealer: Sealer;
  private readonly settings: Settings;
  private readonly now: () => number;

  constructor(sealer: Sealer, now: () => number, settings: Settings) {
    this.sealer = sealer;
    this.now = now;
    this.settings = settings;
  }

  /** Returns the sign-in of the request's cookie. One that is damaged, ended or sent twice counts as none. */
  read(request: Request): DeskSignIn | undefined {
    const token = readToken(request, deskCookie, maxTokenLength);
    const opened = token === undefined ? undefined : this.open(token);
    if (token === undefined || !opened || opened.until <= this.now()) return undefined;
    return { ...opened, csrfToken: this.csrfTokenOf(token) };
  }

  /**
   * Signs in somebody who has shown a valid key or has signed in at the issuer. `endsAt` is when the key ends (epoch ms), `origin`
   * that of the page if the request does not say it.
   */
  signIn(
    request: Request,
    response: Response,
    shown: DeskSignIn['shown'],
    { endsAt = Infinity, origin }: { readonly endsAt?: number | undefined; readonly origin?: string } = {},
  ): DeskSignIn {
    const now = this.now();
    const until = Math.min(now + this.settings.lifeMs, endsAt);
    const token = this.sealer.seal(JSON.stringify({ shown, until }), context);
    response.cookie(deskCookie, token, { ...this.optionsFor(request, origin), maxAge: until - now });
    return { shown, until, csrfToken: this.csrfTokenOf(token) };
  }

  /** Removes the cookie from the browser. */
  signOut(request: Request, response: Response): void {
    response.clearCookie(deskCookie, this.optionsFor(request));
  }

  private open(token: string): z.output<typeof contents> | undefined {
    try {
      return contents.parse(JSON.parse(this.sealer.open(token, context)));
    } catch {
      return undefined;
    }
  }

  private csrfTokenOf(token: string): string {
    return this.sealer.fingerprint(`desk CSRF token of ${token}`);
  }

  private optionsFor(request: Request, origin = request.headers.origin): CookieOptions {
    return { httpOnly: true, sameSite: 'strict', path: '/', secure: this.isSecure(request, origin) };
  }

  /**
   * Whether the browser speaks TLS. A proxy does that for the node, so what counts is the public origin: that of the page, or
   * without one, as from programs, that of the Host.
   */
  private isSecure(request: Request, origin: string | undefined): boolean {
    const { host = '' } = request.headers;
    const byHost = `https://${host}`;
    const seen = origin ?? (URL.canParse(byHost) ? new URL(byHost).origin : '');
    return request.secure || (seen.startsWith('https:') && this.settings.publicOrigins.includes(seen));
  }
}

/** Refuses a change by cookie without the token that only this node's own pages can read. */
export function requireCsrfToken(request: Request, { csrfToken }: DeskSignIn): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const [expected, sent] = [Buffer.from(csrfToken), Buffer.from(request.header(csrfHeader) ?? '')];
  if (expected.length === sent.length && timingSafeEqual(expected, sent)) return;
  throw new Refusal(
    'csrf_token_missing',
    `A change by cookie needs the header ${csrfHeader} with the csrf_token that GET /api/vps/sign-in gives: load the page again`,
  );
}
