/** Endpoints that run one call again. */
import type { Request } from 'express';
import { callFields } from '../../domain/call-fields.ts';
import { Refusal } from '../../domain/failures.ts';
import { identify } from '../calls/idempotency.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { noteCall } from '../http/noted-call.ts';
import { spanOf } from '../http/request-trace.ts';
import { callLocation } from '../calls/call-reply.ts';
import { rerunOverrides } from '../../contract/rerun-requests.ts';
import { rerunAccepted } from '../../contract/reruns.ts';
import { callParams, idempotencyHeaders } from '../calls/routes.ts';
import { overridesOf } from './overrides.ts';

const location = { Location: 'The call' };

type Dependencies = Pick<
  ApiDependencies,
  'reruns' | 'calls' | 'config' | 'sealer' | 'earlierCallers' | 'charges'
>;

/** The endpoint that reruns a call, and the retired one that reset calls. */
export function rerunEndpoints(deps: Dependencies): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/calls/{id}/rerun',
      scope: 'operate',
      projects: 'id',
      tag: 'calls',
      summary: 'Run a call again',
      description:
        "A new call in the same session, linked by rerun_of: the same request on today's agents, or with what the body overrides. Requests with the same Idempotency-Key are one rerun; two without a key are two.",
      params: callParams,
      headers: idempotencyHeaders,
      body: rerunOverrides(deps.config.limits),
      bodyOptional: true,
      answers: {
        202: {
          description: 'The new call was accepted, or this Idempotency-Key had started it before',
          schema: rerunAccepted,
          headers: location,
        },
      },
      refusals: [
        'invalid_json',
        'call_not_found',
        'agent_not_found',
        'agent_not_allowed',
        'prompt_not_allowed',
        'limit_reached',
        'payload_lost',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'idempotency_mismatch',
        'session_queue_full',
        'session_metadata_full',
        'overloaded',
        'agent_paused',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ params, body, principal, project, request, response }) => {
        const wish = { rerun_of: params.id, ...body };
        const idOf = (...key: Parameters<typeof deps.calls.running.idOf>) => deps.calls.running.idOf(...key);
        const given = hasKey(request)
          ? await identify(deps, { request, principal, project }, wish, idOf)
          : undefined;
        const { callId, attached } = await deps.reruns.rerunCall(params.id, overridesOf(body), given, {
          requireAgent: (agent) => deps.charges.requireAgent(principal, project, agent),
          payer: deps.charges.forCall(principal, project),
          span: spanOf(request),
        });
        noteCall(response, callFields(callId, { trace: spanOf(request)?.context }));
        return {
          status: 202,
          body: { call_id: callId, rerun_of: params.id, attached },
          headers: { Location: callLocation(callId) },
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/calls/{id}/reset',
      scope: 'operate',
      projects: 'id',
      tag: 'calls',
      summary: 'Retired: run the call again instead',
      description: 'Calls are no longer reset. It answers 410 and names the rerun that replaces it.',
      deprecated: true,
      params: callParams,
      answers: {},
      refusals: ['reset_retired', 'shutting_down'],
      handle: ({ params }) => {
        const rerun = `POST ${callLocation(params.id)}/rerun`;
        throw new Refusal('reset_retired', `Calls are no longer reset. Run this call again: ${rerun}`);
      },
    }),
  ];
}

function hasKey(request: Request): boolean {
  return request.header('Idempotency-Key') !== undefined;
}
