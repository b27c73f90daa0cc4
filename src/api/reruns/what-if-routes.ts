import { z } from 'zod';
import type { WhatIfRow } from '../../services/reruns/what-if.ts';
import { toCallFilter } from '../calls/call-filter-wire.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { callFilter } from '../../contract/call-requests.ts';
import { id } from '../../contract/ids.ts';
import { cursorQuery } from '../../contract/query.ts';
import { whatIfList, whatIfRow, type WhatIf } from '../../contract/what-if.ts';

/** Endpoints of what-if. They must be routed before the endpoints of calls, which would take `what-if` for the id of a call. */
export function whatIfEndpoints({ reruns }: Pick<ApiDependencies, 'reruns'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/calls/what-if',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: "What today's routing would do with earlier calls",
      description:
        "Compares the recorded attempts with today's chain, and says which agent would be asked next. No agent is asked.",
      query: callFilter.extend({ limit: cursorQuery.limit }),
      answers: { 200: { description: 'One row per call, as the list orders them', schema: whatIfList } },
      refusals: ['validation_failed', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query: { limit, ...filter }, project }) => {
        const rows = await reruns.whatIfOfAll(toCallFilter(project, filter), limit);
        return { status: 200, body: { calls: rows.map(whatIfToWire) } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}/what-if',
      scope: 'read',
      projects: 'id',
      tag: 'calls',
      summary: "What today's routing would do with a call",
      params: z.object({ id }),
      answers: { 200: { description: 'Derived from the recorded attempts', schema: whatIfRow } },
      refusals: ['call_not_found', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ params }) => ({ status: 200, body: whatIfToWire(await reruns.whatIfOf(params.id)) }),
    }),
  ];
}

function whatIfToWire(row: WhatIfRow): WhatIf {
  return {
    call_id: row.callId,
    agent_name: row.agentAsked,
    asked: row.agentAsked,
    answered_by: row.answeredBy ?? null,
    error_type: row.errorType ?? null,
    before: {
      chain: row.before.chain,
      attempts: row.before.attempts.map((attempt) => ({
        agent: attempt.agent,
        status: attempt.status,
        error_type: attempt.status === 'failed' ? attempt.errorType : null,
      })),
    },
    after: {
      chain: row.chain,
      unregistered: row.unregistered,
      next_agent: row.nextAgent ?? null,
      reason: row.reason,
      steps: row.steps.map(({ agent, outcome, errorType }) => ({
        agent,
        outcome,
        error_type: errorType ?? null,
      })),
    },
    changed: row.changed,
  };
}
