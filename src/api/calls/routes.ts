import { z } from 'zod';
import { identify } from './idempotency.ts';
import { allows } from '../../domain/api-key.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { spanOf } from '../http/request-trace.ts';
import { runCall } from './run-call.ts';
import { toCallSearch, toListOrder } from './call-filter-wire.ts';
import { callCountsQuery, callListQuery, callRequest } from '../../contract/call-requests.ts';
import {
  callAccepted,
  callAnswer,
  callCounts,
  callDescription,
  callHistory,
  callList,
  type CallHistory,
} from '../../contract/calls.ts';
import { id } from '../../contract/ids.ts';
import { sessionIn } from '../../domain/project.ts';
import { callDescriptionToWire } from './call-description.ts';
import { callSummaryToWire, countsToWire, coversToWire } from './wire.ts';

export const idempotencyHeaders = {
  'Idempotency-Key':
    'The same key and body attach to the same call, as long as retention; another body is refused',
};
const startHeaders = {
  ...idempotencyHeaders,
  Prefer:
    '`respond-async` answers 202 at once; `wait=N` waits at most N seconds. Without it: until the call ends',
};
export const callParams = z.object({ id });
const accepted = {
  description: 'Accepted and still running; look it up at Location',
  schema: callAccepted,
  headers: { Location: 'The call', 'Preference-Applied': 'What of Prefer was followed' },
};

type Dependencies = Pick<
  ApiDependencies,
  'calls' | 'callbacks' | 'clock' | 'config' | 'drain' | 'webUi' | 'sealer' | 'earlierCallers' | 'charges'
>;

/** Endpoints that start, list, describe and cancel calls. */
export function callEndpoints(deps: Dependencies): Endpoint[] {
  const { config, webUi } = deps;
  const { running, records, find } = deps.calls;

  return [
    endpoint({
      method: 'post',
      path: '/api/vps/call',
      scope: 'call',
      projects: 'one',
      tag: 'calls',
      summary: 'Call an agent',
      description:
        'An accepted call ends exactly once, with an answer or a typed failure. A call that was accepted and failed is answered with 200 and success false.',
      headers: startHeaders,
      body: callRequest(config.limits),
      answers: { 200: { description: 'The call ended', schema: callAnswer }, 202: accepted },
      refusals: [
        'invalid_json',
        'agent_not_found',
        'agent_not_allowed',
        'prompt_not_allowed',
        'limit_reached',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'idempotency_mismatch',
        'webhook_address_refused',
        'session_queue_full',
        'session_metadata_full',
        'session_busy',
        'overloaded',
        'agent_paused',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ body, principal, project, request, response }) => {
        deps.charges.requireAgent(principal, project, body.agent_name);
        // Not a member of the fingerprint if it is the default: keys from before it existed still match.
        const whenBusy = body.when_busy === 'queue' ? undefined : (body.when_busy ?? undefined);
        return runCall(
          deps,
          {
            ...(await identify(
              deps,
              { request, principal, project },
              { ...body, when_busy: whenBusy },
              (...key) => running.idOf(...key),
            )),
            agentName: body.agent_name,
            prompt: body.prompt,
            sessionId: body.session_id == null ? undefined : sessionIn(project, body.session_id),
            userId: body.user_id ?? undefined,
            metadata: body.metadata ?? undefined,
            onDisconnect: body.on_disconnect,
            whenBusy,
            callbackUrl: body.callback_url == null ? undefined : deps.callbacks.seal(body.callback_url),
            payer: deps.charges.forCall(principal, project),
            trace: spanOf(request)?.context,
            deadlineMs: Math.round((body.deadline_seconds ?? config.limits.deadlineMs / 1_000) * 1_000),
          },
          request,
          response,
        );
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: 'List calls',
      description:
        'Running calls first, then ended ones, the newest end first, or as `sort` says. May lag by seconds. `covers` says what an answer was made from.',
      query: callListQuery,
      gathers: 'metadata',
      answers: { 200: { description: 'One page', schema: callList } },
      refusals: ['validation_failed', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query: { limit, cursor, sort, order, include, ...search }, project }) => {
        const wish = { limit, cursor, ...toListOrder({ sort, order, include }) };
        const page = await find.list(toCallSearch(project, search), wish);
        return {
          status: 200,
          body: {
            calls: page.items.map(callSummaryToWire),
            next_cursor: page.nextCursor ?? null,
            covers: coversToWire(page.covers),
          },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/counts',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: 'Count calls by status',
      description: 'The status of the filter is ignored. May lag by seconds.',
      query: callCountsQuery,
      gathers: 'metadata',
      answers: { 200: { description: 'How many', schema: callCounts } },
      refusals: ['validation_failed', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ query, project }) => ({
        status: 200,
        body: countsToWire(await find.counts(toCallSearch(project, query))),
      }),
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}',
      scope: 'read',
      projects: 'id',
      tag: 'calls',
      summary: 'Describe a call',
      params: callParams,
      answers: { 200: { description: 'Running or ended', schema: callDescription } },
      refusals: ['call_not_found', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ params, principal }) => {
        // Temporal's Web UI shows the calls of all projects.
        const link = allows(principal.scopes, 'admin') ? webUi : undefined;
        const call = await records.describe(params.id);
        const callback =
          call.input.callbackUrl === undefined
            ? null
            : await deps.callbacks.status(call.runId, call.endedAt?.getTime(), deps.clock.now());
        return { status: 200, body: callDescriptionToWire(call, callback, link) };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}/history',
      scope: 'read',
      projects: 'id',
      tag: 'calls',
      summary: "A call's Temporal history",
      description: "The JSON that the Web UI's import, the temporal CLI and Worker.runReplayHistory read.",
      params: callParams,
      answers: { 200: { description: 'Temporal history JSON', schema: callHistory } },
      refusals: ['call_not_found', 'temporal_unavailable'],
      handle: async ({ params }) => ({
        status: 200,
        body: JSON.parse(await records.history(params.id)) as CallHistory,
      }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/calls/{id}/cancel',
      scope: 'operate',
      projects: 'id',
      tag: 'calls',
      summary: 'Cancel a call',
      params: callParams,
      answers: {
        200: { description: 'The call had already ended; nothing changes', schema: callAccepted },
        202: { description: 'Cancellation was requested', schema: callAccepted },
      },
      refusals: ['call_not_found', 'temporal_unavailable'],
      handle: async ({ params }) => {
        const status = await running.cancel(params.id);
        return { status: status === 'running' ? 202 : 200, body: { call_id: params.id, status } };
      },
    }),
  ];
}
