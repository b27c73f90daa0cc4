/** The settings HOLDFAST_OIDC_*: the OpenID Connect issuer that people sign in with, and what they may do. */
import { z } from 'zod';
import { parseGroupMap, type GroupMap } from '../domain/group-map.ts';
import { isLoopback } from './loopback.ts';
import { StartupError } from './startup-error.ts';

const defaultGroupsClaim = 'groups';

export const oidcSettings = {
  HOLDFAST_OIDC_ISSUER: z
    .string()
    .refine(isIssuer, 'takes an https URL like https://login.example.com (http only on loopback)')
    .optional()
    .describe(
      'OpenID Connect issuer: people sign in at the desk with it, and the API takes its JWTs. Needs HOLDFAST_OIDC_CLIENT_ID, HOLDFAST_OIDC_GROUPS and, beyond loopback, HOLDFAST_PUBLIC_ORIGIN.',
    ),
  HOLDFAST_OIDC_CLIENT_ID: z.string().optional().describe('The id that the issuer knows this cluster by.'),
  HOLDFAST_OIDC_CLIENT_SECRET: z
    .string()
    .optional()
    .describe('The secret of that client. Default: none, a public client with PKCE.'),
  HOLDFAST_OIDC_AUDIENCE: z
    .string()
    .optional()
    .describe('Audience (`aud`) of the JWTs that the API takes. Default: HOLDFAST_OIDC_CLIENT_ID.'),
  HOLDFAST_OIDC_GROUPS: z
    .string()
    .transform((text, context) => {
      try {
        return parseGroupMap(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    })
    .optional()
    .describe(
      'What people may do, by their groups at the issuer: group=[project:]scope,scope; ... The first group that a person has decides the project.',
    ),
  HOLDFAST_OIDC_GROUPS_CLAIM: z
    .string()
    .default(defaultGroupsClaim)
    .describe("Claim of the issuer's tokens that holds a person's groups: a text or a list of texts."),
} as const;

type Set = z.infer<z.ZodObject<typeof oidcSettings>>;

/** The issuer and this cluster's client of it. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly audience: string;
  readonly groups: GroupMap;
  readonly groupsClaim: string;
}

/**
 * Returns the settings; undefined without an issuer. `names` are the settings that are set. Throws `StartupError` if some are
 * missing.
 */
export function toOidcSettings(
  set: Set,
  names: readonly string[],
  { needsOrigin }: { readonly needsOrigin: boolean },
): OidcSettings | undefined {
  const {
    HOLDFAST_OIDC_ISSUER: issuer,
    HOLDFAST_OIDC_CLIENT_ID: clientId,
    HOLDFAST_OIDC_GROUPS: groups,
  } = set;
  if (issuer === undefined) {
    const others = names.filter((name) => Object.hasOwn(oidcSettings, name));
    if (others.length === 0) return undefined;
    throw new StartupError(
      `${others.join(', ')} without HOLDFAST_OIDC_ISSUER: set that to the issuer's URL, or unset the rest`,
    );
  }
  const missing = [
    ...(clientId === undefined ? ["HOLDFAST_OIDC_CLIENT_ID (this cluster's client at the issuer)"] : []),
    ...(groups === undefined ? ['HOLDFAST_OIDC_GROUPS (who may do what, e.g. admins=admin)'] : []),
    ...(needsOrigin ? ['HOLDFAST_PUBLIC_ORIGIN (where people are sent back to)'] : []),
  ];
  if (clientId === undefined || groups === undefined || missing.length > 0)
    throw new StartupError(`HOLDFAST_OIDC_ISSUER also needs ${missing.join(' and ')}`);
  return {
    issuer,
    clientId,
    clientSecret: set.HOLDFAST_OIDC_CLIENT_SECRET,
    audience: set.HOLDFAST_OIDC_AUDIENCE ?? clientId,
    groups,
    groupsClaim: set.HOLDFAST_OIDC_GROUPS_CLAIM,
  };
}

/** RFC 8414: no query, no fragment. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  if (pathname.includes('/.well-known/')) return false; // That is where its metadata is.
  if ([search, hash, username, password].join('') !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

/** The values that were set, by the names of their settings, for comparison with other nodes. */
export function bySetting(oidc: OidcSettings): Readonly<Record<string, unknown>> {
  return {
    HOLDFAST_OIDC_ISSUER: oidc.issuer,
    HOLDFAST_OIDC_CLIENT_ID: oidc.clientId,
    ...(oidc.clientSecret !== undefined && { HOLDFAST_OIDC_CLIENT_SECRET: oidc.clientSecret }),
    ...(oidc.audience !== oidc.clientId && { HOLDFAST_OIDC_AUDIENCE: oidc.audience }),
    HOLDFAST_OIDC_GROUPS: oidc.groups,
    ...(oidc.groupsClaim !== defaultGroupsClaim && { HOLDFAST_OIDC_GROUPS_CLAIM: oidc.groupsClaim }),
  };
}
