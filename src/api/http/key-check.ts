/** Recognises the keys that come with requests and sign-ins, and says what is wrong with one that is no longer valid. */
import { timingSafeEqual } from 'node:crypto';
import type { KeyActor } from '../../domain/access-book.ts';
import type { ApiKey } from '../../domain/api-key.ts';
import { Refusal } from '../../domain/failures.ts';
import { digestOfKeyText, keyIdOf } from '../../domain/key-text.ts';
import type { FoundKey, KnownKeys } from '../../services/keys/known-keys.ts';

/** A key that somebody has shown, by the digest of its text: one of HOLDFAST_API_KEYS, or one of the directory's. */
export type OfferedKey = { readonly kind: 'bootstrap'; readonly digest: string } | KeyActor;

/** A key that is valid now. */
export type ValidKey =
  { readonly kind: 'bootstrap' } | { readonly kind: 'key'; readonly actor: KeyActor; readonly key: ApiKey };

export class KeyCheck {
  private readonly bootstrap: readonly Buffer[];
  private readonly known: KnownKeys;
  private readonly hasIssuer: boolean;

  /** `hasIssuer`: whether people sign in with an issuer, so that requests need that or a key even while there is no key. */
  constructor(apiKeys: readonly string[], known: KnownKeys, { hasIssuer }: { readonly hasIssuer: boolean }) {
    this.hasIssuer = hasIssuer;
    this.bootstrap = apiKeys.map((text) => Buffer.from(digestOfKeyText(text)));
    this.known = known;
  }

  /** Returns which key the text is, whether or not it is still valid. Undefined if it is none. */
  recognise(text: string): OfferedKey | undefined {
    const digest = digestOfKeyText(text);
    if (this.isBootstrap(digest)) return { kind: 'bootstrap', digest };
    const id = keyIdOf(text);
    return id === undefined ? undefined : { kind: 'key', id, digest };
  }

  /** Throws the refusal `unauthorized` if the key is not valid. */
  async require(shown: OfferedKey): Promise<ValidKey> {
    if (shown.kind === 'bootstrap') {
      if (this.isBootstrap(shown.digest)) return { kind: 'bootstrap' };
      throw new Refusal(
        'unauthorized',
        'This node does not have the bootstrap key of this sign-in: sign in again',
      );
    }
    const found = await this.known.find(shown.id, shown.digest);
    if (found.state === 'valid') return { kind: 'key', actor: shown, key: found.key };
    throw new Refusal('unauthorized', whyNot[found.state](shown.id));
  }

  /** Whether requests need a key or a token. Throws the refusal `temporal_unavailable` if only Temporal could say that. */
  async areNeeded(): Promise<boolean> {
    return this.bootstrap.length > 0 || this.hasIssuer || (await this.known.everKeyed());
  }

  /** Compares with all of them, in constant time. */
  private isBootstrap(digest: string): boolean {
    const offered = Buffer.from(digest);
    return this.bootstrap.filter((one) => timingSafeEqual(one, offered)).length > 0;
  }
}

/** What is wrong with the key, and what to do. */
const whyNot = {
  unknown: (id) => `This cluster has no API key '${id}': check that it is for this cluster`,
  'known by another secret': (id) =>
    `The API key '${id}' was rotated, and this secret of it is no longer valid: use its newest one`,
  expired: (id) => `The API key '${id}' has expired: ask who gave it to you for another one`,
  'of a closed project': (id) =>
    `The project of the API key '${id}' is closed: ask who gave it to you for a key of another project`,
  revoked: (id) => `The API key '${id}' was revoked: ask who gave it to you for another one`,
} satisfies Record<Exclude<FoundKey['state'], 'valid'>, (id: string) => string>;
