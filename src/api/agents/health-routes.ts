import { z } from 'zod';
import type { AgentConfig } from '../../domain/agent.ts';
import { Refusal } from '../../domain/failures.ts';
import { healthStatus, sumErrorCounts, type HealthStatus } from '../../domain/health.ts';
import { allProjects, defaultProject } from '../../domain/project.ts';
import { agentsProject, type Principal } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import {
  agentHealthDescription,
  gatewayStatus,
  healthOverview,
  probeReport,
  type AgentHealth,
  type HealthOverview,
} from '../../contract/health.ts';
import { agentHealthToWire, percent, probeToWire } from './health-wire.ts';
import { id } from '../../contract/ids.ts';

type Dependencies = Pick<ApiDependencies, 'agents' | 'charges' | 'sessions' | 'probes'>;
type Room = Pick<Dependencies, 'agents'>;

const agentParams = z.object({ agent: id });

/** The endpoints for the health of agents, for probes, and for the status of the gateway. */
export function healthEndpoints(deps: Dependencies): Endpoint[] {
  const { charges, sessions, probes } = deps;
  const { directory: agents, health } = deps.agents;
  const find = async (principal: Principal, name: string): Promise<AgentConfig> => {
    const agent = await agents.find(agentsProject(principal), name);
    if (!agent) throw new Refusal('agent_not_found', `Agent '${name}' not registered`);
    return agent;
  };
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/health',
      scope: 'read',
      tag: 'health',
      summary: 'Health of all agents',
      query: z.strictObject({
        details: z.enum(['true', 'false']).default('false'),
        id: id.optional().openapi({
          description: 'Only this agent. For names that cannot be part of a path: `.` and `..`',
        }),
      }),
      answers: {
        200: {
          description: 'Sums over the registered agents, or the health of the agent of `id`',
          schema: z.union([healthOverview, agentHealthDescription]),
        },
      },
      refusals: ['agent_not_found', 'validation_failed', 'temporal_unavailable'],
      handle: async ({ query: { details, id: name }, principal }) => {
        const project = agentsProject(principal);
        if (name !== undefined)
          return { status: 200, body: describe(deps, project, (await find(principal, name)).name) };
        const each = details === 'true' && {
          agents: agents.list(project).map((agent) => describe(deps, project, agent.name)),
        };
        return { status: 200, body: { ...overview(deps, project), ...each } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/health/{agent}',
      scope: 'read',
      tag: 'health',
      summary: 'Health of one agent',
      params: agentParams,
      answers: { 200: { description: 'As calls and probes found it', schema: agentHealthDescription } },
      refusals: ['agent_not_found', 'temporal_unavailable'],
      handle: async ({ params, principal }) => {
        const { name } = await find(principal, params.agent);
        return { status: 200, body: describe(deps, agentsProject(principal), name) };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/health/{agent}/reset',
      scope: 'operate',
      tag: 'health',
      summary: "Close an agent's circuit",
      description:
        'Clears its consecutive failures, its last error and its recent outcomes; totals stay. Other nodes see it within 2 s.',
      params: agentParams,
      answers: { 200: { description: 'Its health after that', schema: agentHealthDescription } },
      refusals: ['agent_not_found', 'agent_not_allowed', 'shutting_down', 'temporal_unavailable'],
      handle: async ({ params, principal }) => {
        charges.requireAgent(principal, principal.project, params.agent);
        const agent = await find(principal, params.agent);
        requireOwnAgent(principal, agent);
        await health.reset(agent.name);
        return { status: 200, body: describe(deps, agentsProject(principal), agent.name) };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/health/{agent}/probe',
      scope: 'operate',
      tag: 'health',
      summary: 'Probe an agent now',
      description:
        'Sends GET to its health_path or, if it has none, only opens a connection. Never sends a prompt. Concurrent probes of one agent are coalesced.',
      params: agentParams,
      answers: {
        200: { description: 'The result of the probe, and the health after it', schema: probeReport },
      },
      refusals: ['agent_not_found', 'agent_not_allowed', 'shutting_down', 'temporal_unavailable'],
      handle: async ({ params, principal }) => {
        charges.requireAgent(principal, principal.project, params.agent);
        const agent = await find(principal, params.agent);
        requireOwnAgent(principal, agent);
        const result = await probes.probe(agent);
        const now = describe(deps, agentsProject(principal), agent.name);
        return { status: 200, body: { ...probeToWire(result), health: now } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/status',
      scope: 'read',
      projects: 'any',
      tag: 'health',
      summary: 'Summary of the gateway',
      answers: {
        200: {
          description: 'Operational when at least one agent is healthy',
          schema: gatewayStatus,
        },
      },
      refusals: ['temporal_unavailable'],
      handle: async ({ project, principal }) => {
        const { total_agents, healthy_agents } = overview(deps, agentsProject(principal));
        return {
          status: 200,
          body: {
            status: healthy_agents > 0 ? ('operational' as const) : ('degraded' as const),
            agents: total_agents,
            healthy_agents,
            unhealthy_agents: total_agents - healthy_agents,
            sessions: await sessions.count(project),
          },
        };
      },
    }),
  ];
}

/** Refuses to change the health of an agent on which other projects depend, too. */
function requireOwnAgent(principal: Principal, { name, project }: AgentConfig): void {
  if (
    project !== undefined ||
    principal.project === defaultProject ||
    agentsProject(principal) === allProjects
  )
    return;
  throw new Refusal(
    'agent_not_allowed',
    `Agent '${name}' is shared by all projects: this takes a key of the project ${defaultProject}, or the scope admin`,
  );
}

function describe({ agents: { health } }: Room, project: string, name: string): AgentHealth {
  return agentHealthToWire(name, project, health.of(name), health.circuit(name), health.now());
}

function overview({ agents: { directory, health } }: Room, project: string): HealthOverview {
  const all = directory.list(project).map((agent) => health.of(agent.name));
  const byStatus: Record<HealthStatus, number> = { healthy: 0, degraded: 0, unhealthy: 0, unreachable: 0 };
  for (const one of all) byStatus[healthStatus(one, health.now())] += 1;
  const requests = all.reduce((sum, one) => sum + one.totalRequests, 0);
  const failures = all.reduce((sum, one) => sum + one.totalFailures, 0);
  return {
    total_agents: all.length,
    healthy_agents: byStatus.healthy,
    degraded_agents: byStatus.degraded,
    unhealthy_agents: byStatus.unhealthy,
    unreachable_agents: byStatus.unreachable,
    total_requests: requests,
    total_failures: failures,
    error_rate: requests === 0 ? 0 : percent((100 * failures) / requests),
    error_metrics: sumErrorCounts(all),
  };
}
