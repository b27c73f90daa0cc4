import type { Response } from 'express';
import { z } from '../../contract/zod.ts';
import { Refusal } from '../../domain/failures.ts';
import { isLocalPath } from '../../domain/local-path.ts';
import {
  beginSignIn,
  finishSignIn,
  SignInFailed,
  type SignInFailure,
} from '../../services/people/code-flow.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, streamed, type Endpoint } from '../http/endpoint.ts';
import { originForBrowser } from '../http/origin-for-browser.ts';
import { SignInAttempts } from '../http/sign-in-attempt.ts';

const path = '/api/vps/sign-in/oidc';
/** A longer path does not fit into the cookie. */
const maxToBytes = 1_500;

/**
 * Why the browser comes back to the desk without a sign-in. `expired`: this browser has no attempt that the answer belongs
 * to. Fixed words: the address of the desk shows nothing that the issuer or anybody else has written.
 */
type WhyNot = SignInFailure | 'expired' | 'no_rights' | 'temporal_unavailable';

const startQuery = z.strictObject({
  to: z
    .string()
    .transform((to) => (Buffer.byteLength(JSON.stringify(to)) > maxToBytes ? '/' : to))
    .refine(isLocalPath, 'takes a path of this node, like /calls')
    .default('/')
    .openapi({ description: 'Where the browser goes once it is signed in' }),
});

type Dependencies = Pick<ApiDependencies, 'config' | 'people' | 'deskCookies' | 'sealer' | 'clock' | 'log'>;

/** Endpoints that take a person's browser to the OpenID Connect issuer and back. */
export function oidcEndpoints({ config, people, deskCookies, sealer, clock, log }: Dependencies): Endpoint[] {
  const attempts = new SignInAttempts(sealer, () => clock.now(), path);
  const requirePeople = (): NonNullable<typeof people> => {
    if (people) return people;
    throw new Refusal('route_not_found', 'People do not sign in with an issuer here (HOLDFAST_OIDC_ISSUER)');
  };
  const redirect = (Location: string) => ({
    status: 302 as const,
    headers: { Location, 'Cache-Control': 'no-store' },
  });
  const notSignedIn = (why: WhyNot, detail: string, to = '/') => {
    log[why === 'failed' || why === 'issuer_unavailable' ? 'warn' : 'info'](
      { why, detail },
      'Somebody did not sign in with the issuer',
    );
    const back = new URL(to, 'http://node');
    back.searchParams.set('sign_in_error', why);
    // Without `..` a path may begin with two slashes, which would name another host.
    return redirect(back.pathname.replace(/^\/+/, '/') + back.search);
  };
  return [
    endpoint({
      method: 'get',
      path,
      scope: 'open',
      tag: 'keys',
      summary: 'Sign in at the desk with the OpenID Connect issuer',
      description:
        'For browsers: leads to the issuer of HOLDFAST_OIDC_ISSUER, and from there back to the callback. Without an issuer it does not exist.',
      query: startQuery,
      answers: {
        302: {
          description: 'To the issuer; to the desk with `sign_in_error` if the issuer does not answer',
          headers: {
            Location: 'An address of the issuer',
            'Set-Cookie': 'holdfast_oidc: HttpOnly, SameSite=Lax, Secure under TLS, for 10 minutes',
          },
        },
      },
      refusals: ['route_not_found'],
      handle: async ({ query, request, response }) => {
        const { issuer } = requirePeople();
        const redirectUri = `${originForBrowser(request, config)}${path}/callback`;
        try {
          const { url, secrets } = await beginSignIn(issuer, redirectUri);
          attempts.begin(response, { secrets, redirectUri, to: query.to });
          return redirect(url.href);
        } catch (error) {
          if (error instanceof Refusal) return notSignedIn('issuer_unavailable', error.message);
          throw error;
        }
      },
    }),
    endpoint({
      method: 'get',
      path: `${path}/callback`,
      scope: 'open',
      tag: 'keys',
      summary: 'Where the issuer sends the browser back to',
      description:
        'The redirect URI to enter at the issuer. Sets the cookie of the desk as POST /api/vps/sign-in does.',
      answers: {
        200: {
          description: 'Signed in: a page that goes on to where the person wanted to go',
          schema: z.string(),
          mediaType: 'text/html',
          headers: { 'Set-Cookie': 'holdfast_desk: HttpOnly, SameSite=Strict, Secure under TLS' },
        },
        302: {
          description: 'Not signed in: to the desk with `sign_in_error`',
          headers: { Location: 'A path of this node' },
        },
      },
      refusals: ['route_not_found'],
      handle: async ({ request, response }) => {
        const known = requirePeople();
        const attempt = attempts.read(request);
        const cameBackTo = new URL(request.originalUrl, 'http://node');
        if (!attempt || cameBackTo.searchParams.get('state') !== attempt.secrets.state)
          return notSignedIn('expired', 'This browser has no such attempt');
        attempts.end(response, attempt);
        try {
          const url = new URL(cameBackTo.search, attempt.redirectUri);
          const shown = known.shown(await finishSignIn(known.issuer, url, attempt.secrets));
          await known.require(shown);
          deskCookies.signIn(request, response, shown, { origin: url.origin });
          goOn(response, attempt.to);
          return streamed;
        } catch (error) {
          if (error instanceof SignInFailed) return notSignedIn(error.why, error.message, attempt.to);
          if (
            error instanceof Refusal &&
            (error.type === 'no_rights' || error.type === 'temporal_unavailable')
          )
            return notSignedIn(error.type, error.message, attempt.to);
          throw error;
        }
      },
    }),
  ];
}

/**
 * Sends the browser on by a page of this node. After a redirect it would not send the cookie, which is SameSite=Strict, with its
 * next request, because that would still come from the issuer's site.
 */
function goOn(response: Response, to: string): void {
  const escaped = to.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
  response
    .status(200)
    .set('Cache-Control', 'no-store')
    .type('html')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Holdfast</title><meta http-equiv="refresh" content="0; url=${escaped}"></head><body><a href="${escaped}">Go on</a></body></html>`,
    );
}
