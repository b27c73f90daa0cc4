import { z } from 'zod';
import { Refusal } from '../../domain/failures.ts';
import { healthStatus, sumErrorCounts, type HealthStatus } from '../../domain/health.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { endpoint, type Endpoint } from '../endpoint.ts';
import { agentHealthDescription, healthOverview } from '../answer-schemas.ts';
import { id } from '../schemas.ts';
import { agentHealthToWire, percent } from '../wire.ts';

type Dependencies = Pick<ApiDependencies, 'agents' | 'health' | 'sessions'>;

export function healthEndpoints(deps: Dependencies): Endpoint[] {
  const { agents, health, sessions } = deps;
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/health',
      tag: 'health',
      summary: 'Health of all agents',
      answers: { 200: { description: 'Sums over the registered agents', schema: healthOverview } },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: overview(deps) }),
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/health/{agent}',
      tag: 'health',
      summary: 'Health of one agent',
      params: z.object({ agent: id }),
      answers: { 200: { description: 'As calls and probes found it', schema: agentHealthDescription } },
      refusals: ['agent_not_found', 'temporal_unavailable'],
      handle: async ({ params: { agent } }) => {
        if (!(await agents.find(agent)))
          throw new Refusal('agent_not_found', `Agent '${agent}' not registered`);
        return {
          status: 200,
          body: agentHealthToWire(agent, health.of(agent), health.circuit(agent), Date.now()),
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/status',
      tag: 'health',
      summary: 'The gateway at a glance',
      answers: {
        200: {
          description: 'Operational when at least one agent is healthy',
          schema: z.object({
            status: z.enum(['operational', 'degraded']),
            agents: z.number().int(),
            healthy_agents: z.number().int(),
            unhealthy_agents: z.number().int(),
            sessions: z.number().int(),
          }),
        },
      },
      refusals: ['temporal_unavailable'],
      handle: async () => {
        const { total_agents, healthy_agents } = overview(deps);
        return {
          status: 200,
          body: {
            status: healthy_agents > 0 ? 'operational' : 'degraded',
            agents: total_agents,
            healthy_agents,
            unhealthy_agents: total_agents - healthy_agents,
            sessions: await sessions.count(),
          },
        };
      },
    }),
  ];
}

function overview({ agents, health }: Dependencies) {
  const all = agents.list().map((agent) => health.of(agent.name));
  const byStatus: Record<HealthStatus, number> = { healthy: 0, degraded: 0, unhealthy: 0, unreachable: 0 };
  for (const one of all) byStatus[healthStatus(one, Date.now())] += 1;
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
