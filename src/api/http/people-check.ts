/** People of the OpenID Connect issuer: whose a token is, and what their groups may do. */
import { createHash } from 'node:crypto';
import { Refusal } from '../../domain/failures.ts';
import { rightsOf, type Rights } from '../../domain/group-map.ts';
import type { Person } from '../../domain/person.ts';
import { BearerTokens, looksLikeToken } from '../../services/people/bearer-tokens.ts';
import type { Issuer } from '../../services/people/issuer.ts';
import type { KnownKeys } from '../../services/keys/known-keys.ts';

/** Somebody whom the issuer knows. */
export interface OfferedPerson extends Person {
  readonly kind: 'person';
  /** Says which issuer that is: its people are not those of another one. */
  readonly issuer: string;
  /** When the token ends that was shown (epoch ms). */
  readonly until?: number;
}

export class PeopleCheck {
  readonly issuer: Issuer;
  private readonly known: KnownKeys;
  private readonly tokens: BearerTokens;
  private readonly issuerId: string;

  /** `now` is in epoch ms. */
  constructor(issuer: Issuer, known: KnownKeys, now: () => number) {
    this.issuer = issuer;
    this.known = known;
    this.tokens = new BearerTokens(issuer, now);
    this.issuerId = createHash('sha256')
      .update(new URL(issuer.settings.issuer).href)
      .digest('hex')
      .slice(0, 16);
  }

  /**
   * Returns whose token it is; undefined if the text does not look like one. Throws the refusals `unauthorized` and
   * `issuer_unavailable`.
   */
  async recognise(text: string): Promise<OfferedPerson | undefined> {
    if (!looksLikeToken(text)) return undefined;
    const { person, until } = await this.tokens.verify(text);
    return { ...this.shown(person), until };
  }

  shown(person: Person): OfferedPerson {
    return { kind: 'person', issuer: this.issuerId, ...person };
  }

  /** Throws the refusals `unauthorized`, `no_rights` and `temporal_unavailable`. */
  async require({ issuer, groups }: OfferedPerson): Promise<Rights> {
    if (issuer !== this.issuerId)
      throw new Refusal('unauthorized', 'This node does not have the issuer of this sign-in: sign in again');
    const rights = rightsOf(this.issuer.settings.groups, groups);
    if (!rights)
      throw new Refusal(
        'no_rights',
        'You are known here, but HOLDFAST_OIDC_GROUPS has none of your groups: ask who runs this node',
      );
    const state = await this.known.stateOfProject(rights.project);
    if (state === 'open') return rights;
    const what = state === 'closed' ? 'is closed' : 'does not exist yet';
    throw new Refusal(
      'no_rights',
      `The project '${rights.project}' of your groups ${what}: ask who runs this node`,
    );
  }
}
