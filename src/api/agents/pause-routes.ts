import { z } from 'zod';
import { pauseRequest } from '../../contract/agent-requests.ts';
import { agentDescription, type Agent } from '../../contract/agents.ts';
import { id } from '../../contract/ids.ts';
import type { AgentConfig } from '../../domain/agent.ts';
import type { AgentPause } from '../../domain/agent-pause.ts';
import { invalid, Refusal } from '../../domain/failures.ts';
import { agentsProject, type Principal } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { agentToWire } from './agent-wire.ts';
import { findOwnAgent } from './own-agent.ts';

const params = z.object({ name: id });

/** Endpoints that take an agent out of rotation and put it back (ADR 0042). */
export function pauseEndpoints({
  agents: { directory: agents },
  charges,
}: Pick<ApiDependencies, 'agents' | 'charges'>): Endpoint[] {
  const set = async (
    principal: Principal,
    name: string,
    pause: AgentPause | undefined,
  ): Promise<{ status: 200; body: Agent }> => {
    const agent: AgentConfig = await findOwnAgent({ agents, charges }, principal, name);
    if (!(await agents.pause(agent.name, pause)))
      throw new Refusal('agent_not_found', `Agent '${name}' not registered`);
    const project = agentsProject(principal);
    const isOfOther = (other: string): boolean => agents.isOfOther(project, other);
    const fallbackOf = agents.fallingBackTo(project, agent.name);
    return { status: 200, body: agentToWire(agent, agents.pauseOf(agent.name), isOfOther, fallbackOf) };
  };
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/agents/{name}/pause',
      scope: 'operate',
      tag: 'agents',
      summary: 'Take an agent out of rotation',
      description:
        'Requests that are at the agent end; probes go on. Calls that have not reached it follow new_calls as new ones do. Pausing again replaces reason, until and new_calls. Every process follows it within 2 s.',
      params,
      body: pauseRequest,
      bodyOptional: true,
      answers: { 200: { description: 'The agent, which is paused', schema: agentDescription } },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'agent_not_found',
        'agent_not_allowed',
        'agents_full',
        'shutting_down',
        'temporal_unavailable',
      ],
      handle: ({ params: { name }, body, principal }) => {
        const by = nameOf(principal);
        return set(principal, name, {
          since: agents.now(),
          ...(body.until != null && { until: futureTime(body.until, agents.now()) }),
          ...(body.reason != null && { reason: body.reason }),
          newCalls: body.new_calls,
          ...(by !== undefined && { by }),
        });
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/agents/{name}/resume',
      scope: 'operate',
      tag: 'agents',
      summary: 'Put an agent back into rotation',
      description:
        'Calls that wait for it ask it within some seconds. Changes nothing for an agent that is not paused.',
      params,
      answers: { 200: { description: 'The agent, which is in rotation', schema: agentDescription } },
      refusals: ['agent_not_found', 'agent_not_allowed', 'shutting_down', 'temporal_unavailable'],
      handle: ({ params: { name }, principal }) => set(principal, name, undefined),
    }),
  ];
}

function futureTime(until: string, nowMs: number): number {
  const at = Date.parse(until);
  if (at <= nowMs) throw invalid('until', 'takes a time in the future; to end a pause, resume the agent');
  return at;
}

function nameOf({ actor }: Principal): string | undefined {
  if (actor.kind === 'person') return actor.name;
  return actor.kind === 'key' ? actor.id : undefined;
}
