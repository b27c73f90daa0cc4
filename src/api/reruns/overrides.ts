import type { z } from 'zod';
import type { rerunOverrides } from '../../contract/rerun-requests.ts';
import type { RerunOverrides } from '../../services/reruns/reruns.ts';

type Overrides = z.output<ReturnType<typeof rerunOverrides>>;

/** Converts the overrides of a request to those of the services. */
export function overridesOf(wire: Overrides | null | undefined): RerunOverrides & { prompt?: string } {
  const { agent_name, fallback_agents, prompt, deadline_seconds, from } = wire ?? {};
  return {
    ...(agent_name && { agentName: agent_name }),
    ...(fallback_agents && { fallbackAgents: fallback_agents }),
    ...(prompt && { prompt }),
    ...(deadline_seconds && { deadlineMs: Math.round(deadline_seconds * 1_000) }),
    ...(from && { from }),
  };
}
