import { z } from 'zod';
import type { AgentConfig } from '../../domain/agent.ts';
import { healthStatus, sumErrorCounts, type HealthStatus } from '../../domain/health.ts';
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
import { findAgent, findOwnAgent } from './own-agent.ts';

type Dependencies = Pick<ApiDependencies, 'agents' | 'charges' | 'sessions' | 'probes'>;
type Room = Pick<Dependencies, 'agents'>;

const agentParams = z.object({ agent: id });

/** The endpoints for the health of agents, for probes, and for the status of the gateway. */
export function healthEndpoints(deps: Dependencies): Endpoint[] {
  const { charges, sessions, probes } = deps;
  const { directory: agents, health } = deps.agents;
  const find = (principal: Principal, name: string): Promise<AgentConfig> =>
    findAgent(agents, principal, name);
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
        const agent = await findOwnAgent({ agents, charges }, principal, params.agent);
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
        const agent = await findOwnAgent({ agents, charges }, principal, params.agent);
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

function describe({ agents: { directory, health } }: Room, project: string, name: string): AgentHealth {
  const state = { circuit: health.circuit(name), pause: directory.pauseOf(name) };
  return agentHealthToWire(name, project, health.of(name), state, health.now());
}

function overview({ agents: { directory, health } }: Room, project: string): HealthOverview {
  const listed = directory.list(project);
  const all = listed.map((agent) => health.of(agent.name));
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
    paused_agents: listed.filter(({ name }) => directory.pauseOf(name)).length,
    total_requests: requests,
    total_failures: failures,
    error_rate: requests === 0 ? 0 : percent((100 * failures) / requests),
    error_metrics: sumErrorCounts(all),
  };
}
