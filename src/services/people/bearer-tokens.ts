/** Bearer JWTs of the OpenID Connect issuer: whether one is valid, and whose it is. */
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { Refusal } from '../../domain/failures.ts';
import { personOf, type Person } from '../../domain/person.ts';
import { clockToleranceSeconds, issuerTimeoutSeconds, issuerUnavailable, type Issuer } from './issuer.ts';

/** With a public key one could make tokens of the symmetric ones. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** Kinds of JWTs that are for APIs. Others of the same issuer, e.g. those that end sessions, are not. */
const types = new Set(['jwt', 'at+jwt', 'application/at+jwt', undefined]);
/** A key that is not known is looked for at the issuer, but not more often than this. */
const cooldownMs = 30_000;
/** How long the keys are used without asking the issuer again. */
const keysLastMs = 600_000;

/** A valid token. */
export interface BearerPerson {
  readonly person: Person;
  /** Epoch ms. */
  readonly until: number;
}

export class BearerTokens {
  private readonly issuer: Issuer;
  private readonly now: () => number;
  private readonly pause: ReturnType<Issuer['newPause']>;
  private keys: JWTVerifyGetKey | undefined;

  /** `now` is in epoch ms. */
  constructor(issuer: Issuer, now: () => number) {
    this.issuer = issuer;
    this.pause = issuer.newPause();
    this.now = now;
  }

  /** Throws the refusals `unauthorized` and `issuer_unavailable`. */
  async verify(token: string): Promise<BearerPerson> {
    const { settings } = this.issuer;
    const { issuer } = (await this.issuer.known()).serverMetadata();
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.keyOf, {
        issuer,
        audience: settings.audience,
        algorithms,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.now()),
      });
      if (!types.has(protectedHeader.typ?.toLowerCase())) throw invalid('it is not one for APIs (typ)');
      // RFC 9449 and 8705: without its proof such a token may have been stolen.
      if (payload['cnf'] !== undefined) throw invalid('it is bound to a key of its client (cnf)');
      const isForeign = payload['azp'] !== undefined && payload['azp'] !== settings.clientId;
      if (isForeign && settings.audience === settings.clientId)
        throw invalid('it was made for another client (azp)');
      const person = personOf(payload, settings);
      if (!person) throw invalid('it does not say whose it is (sub)');
      return { person, until: ((payload.exp ?? 0) + clockToleranceSeconds) * 1_000 };
    } catch (error) {
      throw error instanceof Refusal ? error : invalid(whyNot(error), error);
    }
  }

  private readonly keyOf: JWTVerifyGetKey = async (...asked) => {
    const keys = (this.keys ??= this.createKeys(await this.issuer.keysUrl()));
    try {
      return await keys(...asked);
    } catch (error) {
      const isAnswered =
        error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      throw isAnswered || error instanceof errors.JOSENotSupported ? error : issuerUnavailable(error);
    }
  };

  private createKeys(url: URL): JWTVerifyGetKey {
    return createRemoteJWKSet(url, {
      timeoutDuration: issuerTimeoutSeconds * 1_000,
      cooldownDuration: cooldownMs,
      cacheMaxAge: keysLastMs,
      [customFetch]: (...request) =>
        this.pause.unlessFailing(async () => {
          const response = await fetch(...request);
          if (response.status !== 200) throw new Error(`The issuer's keys: status ${response.status}`);
          const keys: unknown = await response.json();
          if (!Array.isArray((keys as { keys?: unknown } | null)?.keys))
            throw new Error("The issuer's keys: not a set of keys");
          return Response.json(keys);
        }),
    });
  }
}

/** Whether the text may be a JWT with a signature. */
export function looksLikeToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

function invalid(why: string, cause?: unknown): Refusal {
  return new Refusal('unauthorized', `The token of the issuer is not valid: ${why}`, { cause });
}

/** Says what is wrong in words of its own: the token is not quoted. */
function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.reason === 'missing'
      ? `it has no ${error.claim}`
      : `its ${error.claim} is not what this node takes`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is not signed with a key pair';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer does not have the key it is signed with';
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return 'it does not say with which of the keys of the issuer it is signed (kid)';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is malformed';
}
