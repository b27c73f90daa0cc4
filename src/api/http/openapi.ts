/** Makes the OpenAPI 3.1 document from the endpoints' declarations. */
import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { refusals, type RefusalType } from '../../domain/failures.ts';
import { allProjects } from '../../domain/project.ts';
import { csrfHeader, deskCookie } from './desk-cookie.ts';
import type { Endpoint } from './endpoint.ts';
import { projectHeader } from './project.ts';
import { problem } from '../../contract/problem.ts';

const security = 'apiKey';
const cookieSecurity = 'deskCookie';

export function openApiDocument(endpoints: readonly Endpoint[], options: { version: string }) {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', security, {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, or a JWT of the OpenID Connect issuer (HOLDFAST_OIDC_ISSUER). A node on loopback needs none as long as it has neither keys nor issuer.',
  });
  registry.registerComponent('securitySchemes', cookieSecurity, {
    type: 'apiKey',
    in: 'cookie',
    name: deskCookie,
    description: `Of POST /api/vps/sign-in or /api/vps/sign-in/oidc, for the desk. Requests that are not GET or HEAD also need its csrf_token as header ${csrfHeader}.`,
  });
  for (const one of endpoints) registerEndpoint(registry, one);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: options.version,
      description: 'Durable calls to remote AI agents. Refusals are RFC 9457 problems with an error_type.',
    },
    servers: [{ url: '/' }],
    tags: ['calls', 'agents', 'health', 'sessions', 'keys', 'operations'].map((name) => ({ name })),
  });
}

function registerEndpoint(registry: OpenAPIRegistry, one: Endpoint): void {
  const body = one.streamsBody ? z.unknown() : one.body;
  registry.registerPath({
    method: one.method,
    path: one.path,
    tags: [one.tag],
    summary: one.summary,
    ...(one.description !== undefined && { description: one.description }),
    ...(one.deprecated && { deprecated: true }),
    ...(one.scope !== 'open' && {
      security: [{ [security]: [] }, { [cookieSecurity]: [] }],
      'x-holdfast-scope': one.scope,
    }),
    request: {
      ...(one.params && { params: one.params }),
      ...queryOf(one),
      ...(one.headers && { headers: headerSchema(one.headers) }),
      ...(body && {
        body: { required: !one.bodyOptional, content: { 'application/json': { schema: body } } },
      }),
    },
    responses: { ...answersOf(one), ...refusalsOf(one) },
  });
}

function queryOf({ query, projects }: Endpoint) {
  if (!projects) return query && { query };
  const all = projects === 'any' ? `, or \`${allProjects}\` for all` : '';
  const project = z
    .string()
    .optional()
    .openapi({
      description: `A project${all}, for keys with the scope admin; the header ${projectHeader} does the same. Default: the key's`,
    });
  return { query: (query ?? z.object({})).extend({ project }) };
}

function headerSchema(headers: Readonly<Record<string, string>>) {
  return z.object(
    Object.fromEntries(
      Object.entries(headers).map(([name, description]) => [
        name,
        z.string().optional().openapi({ description }),
      ]),
    ),
  );
}

function answersOf(one: Endpoint) {
  return Object.fromEntries(
    Object.entries(one.answers).map(([status, { description, schema, mediaType, headers }]) => [
      status,
      {
        description,
        ...(schema && { content: { [mediaType ?? 'application/json']: { schema } } }),
        ...(headers && { headers: headerSchema(headers) }),
      },
    ]),
  );
}

/** Describes the refusals of an endpoint. Refusals with the same status share one response, which names them all. */
function refusalsOf(one: Endpoint) {
  const types = new Set<RefusalType>(one.refusals);
  if (one.params || one.query) types.add('validation_failed');
  if (one.method !== 'get') types.add('cross_site');
  if (one.scope !== 'open') {
    if (one.method !== 'get') types.add('csrf_token_missing');
    for (const type of [
      'unauthorized',
      'scope_missing',
      'no_rights',
      'limit_reached',
      'issuer_unavailable',
    ] as const)
      types.add(type);
  }
  if (one.projects) {
    types.add('project_not_found');
    if (types.has('disk_full')) types.add('project_closed');
  }
  const statuses = new Set([...types].map((type) => refusals[type].status));
  return Object.fromEntries(
    [...statuses].map((status) => [
      String(status),
      {
        description: [...types]
          .filter((type) => refusals[type].status === status)
          .map((type) => `${type}: ${refusals[type].title}`)
          .join('; '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}
