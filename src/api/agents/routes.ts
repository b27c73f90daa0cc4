import { z } from 'zod';
import { allProjects } from '../../domain/project.ts';
import { checkHost } from '../../agents/http/address-guard.ts';
import { agentUrl, hasToken, type AgentConfig, type AgentExpectation } from '../../domain/agent.ts';
import type { Expectations } from '../../agents/expectations/expectations.ts';
import { invalid, Refusal } from '../../domain/failures.ts';
import { parseReference } from '../../domain/secret-reference.ts';
import { agentsProject } from '../http/auth.ts';
import { requireProject } from '../http/project.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { registration } from '../../contract/agent-requests.ts';
import { agentDescription, agentList, agentRegistered, type Agent } from '../../contract/agents.ts';
import { id } from '../../contract/ids.ts';
import { withKeptToken } from './kept-token.ts';
import { agentToWire } from './agent-wire.ts';

const byName = id.openapi({ description: "The agent's name, such as `.` or `..`" });

type Dependencies = Pick<ApiDependencies, 'agents' | 'access' | 'sealer' | 'expectations'>;

/** Endpoints that register, list and remove agents. */
export function agentEndpoints({ agents: room, access, sealer, expectations }: Dependencies): Endpoint[] {
  const { directory: agents, health } = room;
  const remove = async (name: string): Promise<{ status: 204 }> => {
    if (!(await agents.remove(name))) throw notRegistered(name);
    await health.forget(name);
    return { status: 204 };
  };
  const toWire = (project: string, agent: AgentConfig): Agent =>
    agentToWire(
      agent,
      agents.pauseOf(agent.name),
      (name) => agents.isOfOther(project, name),
      agents.fallingBackTo(project, agent.name),
    );
  const read = async (project: string, name: string): Promise<{ status: 200; body: Agent }> => {
    const config = await agents.find(project, name);
    if (!config) throw notRegistered(name);
    return { status: 200, body: toWire(project, config) };
  };
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/register',
      scope: 'admin',
      tag: 'agents',
      summary: 'Register an agent',
      description:
        'Registering again replaces the whole config and keeps health. The token goes too, unless keep_auth_token says otherwise.',
      body: registration,
      answers: {
        201: {
          description: 'Registered',
          schema: agentRegistered,
        },
      },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'address_refused',
        'project_not_found',
        'project_closed',
        'agents_full',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
      ],
      handle: async ({ body }) => {
        if (body.project != null) await requireProject(access, body.project);
        const wished = toConfig(body, (token) => sealer.seal(token, body.name));
        if (wished.expect) await requireCompilable(expectations, wished.expect);
        const unknown = (): string[] =>
          wished.fallbackAgents.filter(
            (name) => name !== wished.name && !agents.lookup(body.project ?? allProjects, name),
          );
        // Another node may have registered or changed an agent within the last second.
        if (body.keep_auth_token || unknown().length > 0) await agents.refresh();
        const config = body.keep_auth_token ? withKeptToken(agents, wished) : wished;
        const { replaced } = await agents.register(config);
        const url = agentUrl(config);
        const warnings = [
          ...unknown().map(
            (name) => `fallback_agents: '${name}' is not registered; calls skip it until it is`,
          ),
          ...(body.keep_auth_token && !hasToken(config)
            ? ['keep_auth_token: there was no token to keep']
            : []),
        ];
        return {
          status: 201,
          body: { status: 'registered' as const, agent_name: config.name, url, replaced, warnings },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/agents',
      scope: 'read',
      tag: 'agents',
      summary: 'List agents',
      description: 'With `id`, only the agent with that name.',
      query: z.strictObject({ id: byName.optional() }),
      answers: {
        200: {
          description: 'All agents, sorted by name, or the agent named by `id`; never a token',
          schema: z.union([agentList, agentDescription]),
        },
      },
      refusals: ['agent_not_found', 'validation_failed', 'temporal_unavailable'],
      handle: ({ query, principal }) => {
        const project = agentsProject(principal);
        if (query.id !== undefined) return read(project, query.id);
        const all = agents.list(project).map((agent) => toWire(project, agent));
        return Promise.resolve({ status: 200, body: { total: all.length, agents: all } });
      },
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/agents/{name}',
      scope: 'admin',
      tag: 'agents',
      summary: 'Remove an agent',
      description: 'Deletes its health too. Calls in flight that have it in their chain still ask it.',
      params: z.object({ name: id }),
      answers: { 204: { description: 'Removed' } },
      refusals: ['agent_not_found', 'shutting_down', 'temporal_unavailable'],
      handle: ({ params }) => remove(params.name),
    }),
    endpoint({
      method: 'delete',
      path: '/api/vps/agents',
      scope: 'admin',
      tag: 'agents',
      summary: 'Remove the agent named by id',
      description: 'Like `DELETE /agents/{name}`, for names that cannot be part of a path.',
      query: z.strictObject({ id: byName }),
      answers: { 204: { description: 'Removed' } },
      refusals: ['agent_not_found', 'validation_failed', 'shutting_down', 'temporal_unavailable'],
      handle: ({ query }) => remove(query.id),
    }),
  ];
}

function notRegistered(name: string): Refusal {
  return new Refusal('agent_not_found', `Agent '${name}' not registered`);
}

function toConfig(body: z.output<typeof registration>, seal: (token: string) => string): AgentConfig {
  const host = checkHost(body.host);
  if (!host.ok)
    throw new Refusal('address_refused', `host: ${host.reason}`, {
      extra: { errors: [{ field: 'host', message: host.reason }] },
    });
  return {
    name: body.name,
    ...(body.project != null && { project: body.project }),
    host: host.host,
    port: body.port,
    protocol: body.protocol,
    path: body.path,
    ...(body.auth_token != null && tokenOf(body.auth_token, seal)),
    timeoutMs: Math.max(1, Math.round(body.timeout_seconds * 1_000)),
    maxRetries: body.max_retries,
    ...(body.max_concurrency != null && { maxConcurrency: body.max_concurrency }),
    fallbackAgents: body.fallback_agents,
    history: body.history,
    ...(body.expect != null && { expect: toExpectation(body.expect) }),
    ...(body.health_path != null && { healthPath: body.health_path }),
  };
}

/** A reference is no secret, and each process resolves it by itself. A token is sealed. */
function tokenOf(
  given: string,
  seal: (token: string) => string,
): Pick<AgentConfig, 'sealedToken' | 'tokenReference'> {
  return parseReference(given) ? { tokenReference: given } : { sealedToken: seal(given) };
}

function toExpectation(expect: NonNullable<z.output<typeof registration>['expect']>): AgentExpectation {
  return {
    ...(expect.min_length != null && { minLength: expect.min_length }),
    ...(expect.json_schema != null && { jsonSchema: expect.json_schema }),
    ...(expect.deny_regex != null && { denyRegex: expect.deny_regex }),
  };
}

/**
 * Refuses an invalid pattern or schema at registration. Otherwise it would be noticed only when the first answer is checked.
 */
async function requireCompilable(expectations: Expectations, expectation: AgentExpectation): Promise<void> {
  try {
    await expectations.requireCompilable(expectation);
  } catch (error) {
    const [field = 'expect', ...why] = (error as Error).message.split(': ');
    throw invalid(field, why.join(': '));
  }
}
