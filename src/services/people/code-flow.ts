/** Signing in with the OpenID Connect issuer: authorization code flow with PKCE, state and nonce. */
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  type Configuration,
} from 'openid-client';
import { Refusal } from '../../domain/failures.ts';
import { personOf, type Person } from '../../domain/person.ts';
import type { Issuer } from './issuer.ts';

/** What ties the issuer's answer to the browser that asked. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Why nobody is signed in. */
export type SignInFailure = 'denied' | 'failed' | 'issuer_unavailable';

export class SignInFailed extends Error {
  readonly why: SignInFailure;

  constructor(why: SignInFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

/** Returns where the browser goes, which comes back to `redirectUri`. Throws the refusal `issuer_unavailable`. */
export async function beginSignIn(
  issuer: Issuer,
  redirectUri: string,
): Promise<{ readonly url: URL; readonly secrets: SignInSecrets }> {
  const known = await issuer.known();
  const secrets = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
  const challenge = await calculatePKCECodeChallenge(secrets.verifier);
  const parameters = {
    redirect_uri: redirectUri,
    scope: scopeFor(known),
    state: secrets.state,
    nonce: secrets.nonce,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  return { url: buildAuthorizationUrl(known, parameters), secrets };
}

/** Returns who has signed in, from the URL with which the browser came back. Throws `SignInFailed`. */
export async function finishSignIn(
  issuer: Issuer,
  cameBackTo: URL,
  { state, nonce, verifier }: SignInSecrets,
): Promise<Person> {
  try {
    const known = await issuer.known();
    const tokens = await authorizationCodeGrant(known, cameBackTo, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const claims = { ...tokens.claims() };
    // Many issuers tell groups and names only there.
    const has = (claim: string): boolean => claims[claim] != null;
    const hasGroups = has(issuer.settings.groupsClaim);
    const asks = !(hasGroups && has('name')) && known.serverMetadata().userinfo_endpoint !== undefined;
    const more = asks
      ? await fetchUserInfo(known, tokens.access_token, String(claims['sub'])).catch((error: unknown) => {
          if (hasGroups) return {}; // Only the name to be shown is missing.
          throw error;
        })
      : {};
    const told = Object.fromEntries(Object.entries(claims).filter(([, value]) => value != null));
    const person = personOf({ ...more, ...told }, issuer.settings);
    if (!person) throw new SignInFailed('failed', 'The ID token does not say who has signed in');
    return person;
  } catch (error) {
    throw error instanceof SignInFailed ? error : new SignInFailed(...whyNot(error), { cause: error });
  }
}

/** Some issuers refuse a scope that they do not have, others tell groups only if asked for them. */
function scopeFor(known: Configuration): string {
  const { scopes_supported: supported = ['profile', 'email'] } = known.serverMetadata();
  return ['openid', ...['profile', 'email', 'groups'].filter((one) => supported.includes(one))].join(' ');
}

/** Says what went wrong in words that hold nothing of the issuer's answer, which may have tokens and names (I5). */
function whyNot(error: unknown): [SignInFailure, string] {
  if (error instanceof Refusal) return ['issuer_unavailable', 'The issuer does not answer'];
  if (error instanceof AuthorizationResponseError)
    return error.error === 'access_denied'
      ? ['denied', 'The issuer, or the person there, has refused']
      : /^(server_error|temporarily_unavailable)$/.test(error.error)
        ? ['issuer_unavailable', `The issuer answers ${error.error}`]
        : ['failed', `The issuer answers with an error${knownWord(error.error)}`];
  if (error instanceof ResponseBodyError)
    return [
      error.status >= 500 ? 'issuer_unavailable' : 'failed',
      `The issuer refuses the code with ${error.status}${knownWord(error.error)}`,
    ];
  if (error instanceof WWWAuthenticateChallengeError)
    return ['failed', `The issuer refuses this client with ${error.status}: is its secret right?`];
  if (error instanceof ClientError) {
    const { cause, code = '' } = error;
    const isBusy = cause instanceof Response && (cause.status >= 500 || cause.status === 429);
    const isAway = code === 'OAUTH_TIMEOUT' || isBusy || isBroken(cause);
    const message = `The answer of the issuer is not valid: ${error.message}`;
    return [isAway ? 'issuer_unavailable' : 'failed', message];
  }
  if (isBroken(error)) return ['issuer_unavailable', 'The issuer does not answer'];
  return ['failed', 'The answer of the issuer is not valid'];
}

/** Whether `fetch` failed so because nobody answered, not in time or not to the end. */
function isBroken(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'TimeoutError';
  const code = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
  return error instanceof TypeError && typeof code === 'string';
}

/** RFC 6749 has these errors; a text of anybody else does not get into the log. */
function knownWord(word: string): string {
  return /^(invalid|unauthorized|unsupported|interaction|login|account|consent)_[a-z_]{1,30}$/.test(word)
    ? `: ${word}`
    : '';
}
