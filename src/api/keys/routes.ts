import { z } from 'zod';
import {
  keyChange,
  keyList,
  keyRequest,
  keyRotation,
  key as keySchema,
  shownKey,
  type Key,
} from '../../contract/keys.ts';
import { limitsToWire, toLimits } from '../../contract/limits.ts';
import { stateOf, type ApiKey } from '../../domain/api-key.ts';
import { invalid, Refusal } from '../../domain/failures.ts';
import { defaultProject } from '../../domain/project.ts';
import { keyIdOf } from '../../domain/key-text.ts';
import { iso, isoOrNull } from '../calls/wire.ts';
import { actorOf } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';

/** Users often have only the key itself: its id is part of it. */
const keyParams = z.object({
  id: z
    .string()
    .transform((text) => keyIdOf(text) ?? text)
    .pipe(z.string().regex(/^[0-9A-Za-z]{1,64}$/, 'letters and digits: keys list shows the ids')),
});
const refusedChanges = ['unauthorized', 'scope_missing', 'shutting_down', 'temporal_unavailable'] as const;
const refusedBodies = [
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
] as const;

type Dependencies = Pick<ApiDependencies, 'access' | 'usage' | 'clock'>;

/** Endpoints that create, list, change, rotate and revoke API keys. */
export function keyEndpoints({ access, usage, clock }: Dependencies): Endpoint[] {
  const toWire = (key: ApiKey): Key => {
    const now = clock.now();
    const state = stateOf(key, now);
    const isClosed = access.project(key.project ?? defaultProject)?.closedAt !== undefined;
    const status = state === 'valid' && isClosed ? 'project_closed' : state;
    return keyToWire(key, { status, lastUsedAt: usage.lastUsedAt(key.id), now });
  };
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/keys',
      scope: 'admin',
      tag: 'keys',
      summary: 'Create an API key',
      description:
        'The first key must have the scope admin: from then on, every node of the cluster needs a key.',
      body: keyRequest,
      answers: { 201: { description: 'Created; the key is shown only here', schema: shownKey } },
      refusals: [
        ...refusedBodies,
        ...refusedChanges,
        'first_key_not_admin',
        'project_not_found',
        'project_closed',
        'keys_full',
        'disk_full',
      ],
      handle: async ({ body, principal }) => {
        if (body.agents && body.scopes.includes('admin'))
          throw invalid('agents', 'not with the scope admin, which could lift the limit itself');
        const created = await access.create(
          {
            name: body.name,
            ...(body.project != null && body.project !== defaultProject && { project: body.project }),
            scopes: [...new Set(body.scopes)],
            ...(body.agents && { agents: body.agents }),
            ...(body.limits && { limits: toLimits(body.limits) }),
            ...(body.expires_in_seconds && { expiresAt: clock.now() + body.expires_in_seconds * 1_000 }),
          },
          actorOf(principal),
        );
        return { status: 201, body: { ...toWire(created.key), key: created.text } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/keys',
      scope: 'admin',
      tag: 'keys',
      summary: 'List API keys',
      answers: { 200: { description: 'All keys, the oldest first; never their secrets', schema: keyList } },
      refusals: ['temporal_unavailable'],
      handle: async () => {
        await Promise.all([access.refresh(), usage.learnLastUsed().catch(() => undefined)]); // Keys are listed without it, too.
        const keys = access.list().map(toWire);
        return { status: 200, body: { total: keys.length, keys } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/keys/{id}',
      scope: 'admin',
      tag: 'keys',
      summary: 'Describe an API key',
      params: keyParams,
      answers: { 200: { description: 'The key without its secret', schema: keySchema } },
      refusals: ['key_not_found', 'temporal_unavailable'],
      handle: async ({ params }) => {
        await Promise.all([access.refresh(), usage.learnLastUsed().catch(() => undefined)]); // Keys are listed without it, too.
        const found = access.lookup(params.id);
        if (!found) throw new Refusal('key_not_found', `Key '${params.id}' not found`);
        return { status: 200, body: toWire(found) };
      },
    }),
    endpoint({
      method: 'patch',
      path: '/api/vps/keys/{id}',
      scope: 'admin',
      tag: 'keys',
      summary: 'Change the limits of an API key',
      description: 'The limits replace those before. Other nodes follow them within 2 s.',
      params: keyParams,
      body: keyChange,
      answers: { 200: { description: 'Changed', schema: keySchema } },
      refusals: [...refusedBodies, ...refusedChanges, 'key_not_found', 'key_ended', 'disk_full'],
      handle: async ({ params, body, principal }) => ({
        status: 200,
        body: toWire(await access.limitKey(params.id, toLimits(body.limits), actorOf(principal))),
      }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/keys/{id}/rotate',
      scope: 'admin',
      tag: 'keys',
      summary: 'Give an API key a new secret',
      description:
        'The key keeps its id and everything else. Both secrets are valid for a while, so that its users can change over; a secret before those two no longer is.',
      params: keyParams,
      body: keyRotation,
      bodyOptional: true,
      answers: { 200: { description: 'The new secret; it is shown only here', schema: shownKey } },
      refusals: [...refusedBodies, ...refusedChanges, 'key_not_found', 'key_ended', 'disk_full'],
      handle: async ({ params, body, principal }) => {
        const rotated = await access.rotate(params.id, body.overlap_seconds * 1_000, actorOf(principal));
        return { status: 200, body: { ...toWire(rotated.key), key: rotated.text } };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/keys/{id}',
      scope: 'admin',
      tag: 'keys',
      summary: 'Revoke an API key',
      description: 'Every node that reaches Temporal refuses the key within 2 s. It stays listed as revoked.',
      params: keyParams,
      answers: { 200: { description: 'Revoked', schema: keySchema } },
      refusals: [...refusedChanges, 'key_not_found', 'last_admin_key'],
      handle: async ({ params, principal }) => ({
        status: 200,
        body: toWire(await access.revoke(params.id, actorOf(principal))),
      }),
    }),
  ];
}

interface KeyFacts {
  readonly status: Key['status'];
  readonly lastUsedAt: number | undefined;
  readonly now: number;
}

function keyToWire(key: ApiKey, { status, lastUsedAt, now }: KeyFacts): Key {
  const [earlier] = key.secrets.filter(({ until }) => until !== undefined && until > now);
  return {
    id: key.id,
    name: key.name,
    project: key.project ?? defaultProject,
    status,
    scopes: key.scopes,
    agents: key.agents ?? null,
    limits: limitsToWire(key.limits),
    last_used_at: isoOrNull(lastUsedAt),
    created_at: iso(key.createdAt),
    expires_at: key.expiresAt === undefined ? null : iso(key.expiresAt),
    revoked_at: key.revokedAt === undefined ? null : iso(key.revokedAt),
    earlier_secret_until: earlier?.until === undefined ? null : iso(earlier.until),
  };
}
