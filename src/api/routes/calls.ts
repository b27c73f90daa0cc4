import { createHash, randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { submitCall, type CallRequest } from '../../client/submit-call.ts';
import { Refusal } from '../../domain/failures.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { endpoint, type Endpoint, type Reply } from '../endpoint.ts';
import { parsePrefer } from '../prefer.ts';
import {
  callAccepted,
  callAnswer,
  callDescription,
  callList,
  callListQuery,
  createSchemas,
  id,
} from '../schemas.ts';
import { callAnswerToWire, callDescriptionToWire, callSummaryToWire } from '../wire.ts';

const idempotencyHeaders = {
  'Idempotency-Key':
    'The same key and body attach to the same call, as long as retention; another body is refused',
};
const startHeaders = {
  ...idempotencyHeaders,
  Prefer:
    '`respond-async` answers 202 at once; `wait=N` waits at most N seconds. Without it: until the call ends',
};
const callParams = z.object({ id });
const accepted = {
  description: 'Accepted and going on; Location tells where to look',
  schema: callAccepted,
  headers: { Location: 'The call', 'Preference-Applied': 'What of Prefer was followed' },
};

export function callEndpoints(deps: ApiDependencies): Endpoint[] {
  const { calls, records, config } = deps;
  const schemas = createSchemas(config);

  /** Starts the call and waits as the caller prefers. */
  const run = async (
    wish: Omit<CallRequest, 'callId' | 'fingerprint'>,
    identity: Pick<CallRequest, 'callId' | 'fingerprint'>,
    request: Request,
    response: Response,
  ): Promise<Reply> => {
    const startedAt = performance.now();
    const { callId } = identity;
    const location = callLocation(callId);
    const { waitMs, applied } = parsePrefer(request.header('Prefer'));
    if (applied !== undefined) response.set('Preference-Applied', applied);
    try {
      await submitCall(deps, { ...wish, ...identity });
    } catch (error) {
      // Unclear whether it was started: the caller can look.
      if (error instanceof Refusal && error.type === 'temporal_unavailable')
        response.set('Location', location);
      throw error;
    }
    const ending = waitMs === 0 ? undefined : await waitForEnding(deps, callId, waitMs, response);
    if (!ending)
      return { status: 202, body: { call_id: callId, status: 'running' }, headers: { Location: location } };
    deps.inFlight.done(callId);
    return {
      status: 200,
      body: callAnswerToWire(callId, wish.agentName, ending, performance.now() - startedAt),
    };
  };

  return [
    endpoint({
      method: 'post',
      path: '/api/vps/call',
      tag: 'calls',
      summary: 'Call an agent',
      description:
        'From the moment it is accepted the call ends once, with an answer or a typed failure. An executed call that failed is 200 with success false.',
      headers: startHeaders,
      body: schemas.call,
      answers: { 200: { description: 'The call ended', schema: callAnswer }, 202: accepted },
      refusals: [
        'invalid_json',
        'agent_not_found',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'idempotency_mismatch',
        'session_full',
        'session_queue_full',
        'overloaded',
        'shutting_down',
        'temporal_unavailable',
      ],
      handle: ({ body, request, response }) =>
        run(
          {
            agentName: body.agent_name,
            prompt: body.prompt,
            sessionId: body.session_id ?? undefined,
            userId: body.user_id ?? undefined,
            metadata: body.metadata ?? undefined,
            deadlineMs: Math.round((body.deadline_seconds ?? config.limits.deadlineMs / 1_000) * 1_000),
          },
          identify(deps, request, body),
          request,
          response,
        ),
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls',
      tag: 'calls',
      summary: 'List calls',
      description: 'Running ones first, then by their end, newest first. May lag a call by up to seconds.',
      query: callListQuery,
      answers: { 200: { description: 'One page', schema: callList } },
      refusals: ['validation_failed', 'temporal_unavailable'],
      handle: async ({ query: { limit, cursor, since, ...filter } }) => {
        const page = await records.list(
          { ...filter, since: since ? new Date(since) : undefined },
          { limit, cursor },
        );
        return {
          status: 200,
          body: { calls: page.items.map(callSummaryToWire), next_cursor: page.nextCursor ?? null },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}',
      tag: 'calls',
      summary: 'Look at a call',
      params: callParams,
      answers: { 200: { description: 'Running or ended', schema: callDescription } },
      refusals: ['call_not_found', 'temporal_unavailable'],
      handle: async ({ params }) => ({
        status: 200,
        body: callDescriptionToWire(await records.describe(params.id)),
      }),
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}/history',
      tag: 'calls',
      summary: "A call's Temporal history",
      description: "The JSON that the Web UI's import, the temporal CLI and Worker.runReplayHistory read.",
      params: callParams,
      answers: {
        200: { description: 'Temporal history JSON', schema: z.object({ events: z.array(z.unknown()) }) },
      },
      refusals: ['call_not_found', 'temporal_unavailable'],
      handle: async ({ params }) => ({
        status: 200,
        body: JSON.parse(await records.history(params.id)) as unknown,
      }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/calls/{id}/cancel',
      tag: 'calls',
      summary: 'Cancel a call',
      params: callParams,
      answers: {
        200: { description: 'It had ended; nothing changes', schema: callAccepted },
        202: { description: 'Cancellation was asked for', schema: callAccepted },
      },
      refusals: ['call_not_found', 'temporal_unavailable'],
      handle: async ({ params }) => {
        const status = await calls.cancel(params.id);
        return { status: status === 'running' ? 202 : 200, body: { call_id: params.id, status } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/calls/{id}/rerun',
      tag: 'calls',
      summary: 'Run a call again',
      description: "A new call with the same request on today's agents, linked by rerun_of.",
      params: callParams,
      headers: idempotencyHeaders,
      answers: {
        202: {
          description: 'The new call was accepted',
          schema: z.object({ call_id: z.string(), rerun_of: z.string() }),
          headers: { Location: 'The new call' },
        },
      },
      refusals: [
        'call_not_found',
        'agent_not_found',
        'idempotency_mismatch',
        'session_full',
        'session_queue_full',
        'overloaded',
        'shutting_down',
        'temporal_unavailable',
      ],
      handle: async ({ params, request }) => {
        const { agentName, prompt, sessionId, userId, metadata, deadlineMs } = await records.input(params.id);
        const identity = identify(deps, request, { rerun_of: params.id });
        await submitCall(deps, {
          agentName,
          prompt,
          sessionId,
          userId,
          metadata,
          deadlineMs,
          rerunOf: params.id,
          ...identity,
        });
        return {
          status: 202,
          body: { call_id: identity.callId, rerun_of: params.id },
          headers: { Location: callLocation(identity.callId) },
        };
      },
    }),
  ];
}

function callLocation(callId: string): string {
  return `/api/vps/calls/${encodeURIComponent(callId)}`;
}

/** The call's id and what a repeat must match. With an Idempotency-Key the id is the key's, for this caller. */
function identify(
  { sealer, authenticate }: ApiDependencies,
  request: Request,
  wish: unknown,
): Pick<CallRequest, 'callId' | 'fingerprint'> {
  const key = request.header('Idempotency-Key');
  const fingerprint = sealer.fingerprint(canonicalJson(wish));
  if (key === undefined) return { callId: randomUUID(), fingerprint };
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new Refusal('validation_failed', 'Idempotency-Key: 1 to 255 printable ASCII characters', {
      extra: { errors: [{ field: 'Idempotency-Key', message: '1 to 255 printable ASCII characters' }] },
    });
  const digest = createHash('sha256')
    .update(JSON.stringify([authenticate(request), key]))
    .digest('base64url');
  return { callId: digest.slice(0, 32), fingerprint };
}

/** The same for bodies that differ only in the order of members; null members count as absent. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(
          Object.entries(member)
            .filter(([, inner]) => inner !== null)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : member,
  );
}

/** Until the end, the caller's limit, the caller's disconnect (the call goes on) or this node's drain. */
async function waitForEnding(
  { calls, drain }: ApiDependencies,
  callId: string,
  waitMs: number | undefined,
  response: Response,
) {
  const gone = new AbortController();
  const onClose = (): void => gone.abort();
  response.once('close', onClose);
  const signals = [gone.signal, drain.waitersReleased];
  if (waitMs !== undefined) signals.push(AbortSignal.timeout(waitMs));
  try {
    return await calls.wait(callId, AbortSignal.any(signals));
  } finally {
    response.off('close', onClose);
  }
}
