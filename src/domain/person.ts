/** People who sign in with the OpenID Connect issuer, as its tokens describe them. */
import { groupsInMap, type GroupMap } from './group-map.ts';

/** Somebody whom the OpenID Connect issuer knows, as the sender of a request. */
export interface PersonActor {
  readonly kind: 'person';
  /** The issuer's id of the person. */
  readonly subject: string;
  readonly name: string;
}

export interface Person {
  /** The issuer's id of the person. */
  readonly subject: string;
  /** For people to read. */
  readonly name: string;
  /** Those of the person's groups that the group map has, in its order. */
  readonly groups: readonly string[];
}

/** OpenID Connect Core, section 2. */
const subjectForm = /^[\x20-\x7e]{1,255}$/;
const maxNameLength = 100;

/** Returns the person of a token's claims. Undefined if they do not say who that is. */
export function personOf(
  claims: Readonly<Record<string, unknown>>,
  { groupsClaim, groups }: { readonly groupsClaim: string; readonly groups: GroupMap },
): Person | undefined {
  const subject = claims['sub'];
  if (typeof subject !== 'string' || !subjectForm.test(subject)) return undefined;
  const names = [claims['name'], claims['email'], subject].map(readable);
  return {
    subject,
    name: names.find((name) => name !== '') ?? '',
    groups: groupsInMap(groups, textsOf(claims[groupsClaim])),
  };
}

function textsOf(claim: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return all.filter((one) => typeof one === 'string');
}

/** Control characters are left out, and those that change the direction or hide. */
function readable(text: unknown): string {
  if (typeof text !== 'string') return '';
  const visible = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '').trim();
  return Array.from(visible).slice(0, maxNameLength).join('');
}
