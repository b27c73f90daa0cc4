/** Endpoints for batches of reruns. A batch reruns all calls that match a filter. */
import { z } from 'zod';
import { Refusal } from '../../domain/failures.ts';
import { batchItemToWire, batchToWire, toBatchFilter } from './batch-wire.ts';
import { requireScope } from '../http/auth.ts';
import { identify } from '../calls/idempotency.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { id } from '../../contract/ids.ts';
import { cursorQuery } from '../../contract/query.ts';
import { rerunBatchRequest } from '../../contract/rerun-requests.ts';
import {
  batchAccepted,
  batchCancelled,
  batchDescription,
  batchDryRun,
  batchList,
  type BatchEnd,
} from '../../contract/reruns.ts';
import { streamValues } from '../http/sse.ts';
import { callSummaryToWire } from '../calls/wire.ts';
import { idempotencyHeaders } from '../calls/routes.ts';
import { overridesOf } from './overrides.ts';

const params = z.object({ id });
const sampleSize = 20;

type Dependencies = Pick<
  ApiDependencies,
  'access' | 'reruns' | 'streams' | 'config' | 'sealer' | 'earlierCallers' | 'charges'
>;

/** Endpoints that start, list, describe, follow and cancel batches of reruns. */
export function batchEndpoints(deps: Dependencies): Endpoint[] {
  const { reruns, streams } = deps;
  const { batches } = reruns;
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/reruns',
      scope: 'operate',
      projects: 'one',
      tag: 'calls',
      summary: 'Run all calls that match again',
      description:
        'A batch that survives crashes: the matching calls are listed once, each is run again at most once. Skipped are those of which any rerun runs or has answered, those of which a newer rerun is in the batch, and those whose agent or session is gone.',
      headers: idempotencyHeaders,
      body: rerunBatchRequest(deps.config.limits),
      answers: {
        200: { description: 'A dry run: nothing was started', schema: batchDryRun },
        202: {
          description: 'The batch was accepted',
          schema: batchAccepted,
          headers: { Location: 'The batch' },
        },
      },
      refusals: [
        'invalid_json',
        'agent_not_allowed',
        'batch_not_allowed',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        'idempotency_mismatch',
        'shutting_down',
        'temporal_unavailable',
        'disk_full',
        'payload_store_unavailable',
      ],
      handle: async ({ body, principal, project, request }) => {
        if (body.dry_run) requireScope(principal, 'read');
        else if (principal.agents)
          throw new Refusal(
            'agent_not_allowed',
            'A batch may ask any agent, and this API key is limited to some: run the calls again one by one, or use another key',
          );
        if (!body.dry_run) deps.charges.requireNoLimits(principal, project);
        const filter = toBatchFilter(project, body.filter);
        if (body.dry_run) {
          const wish = { filter, overrides: overridesOf(body.overrides) };
          const { runs, skipped } = await reruns.dryRun(wish);
          const sample = runs.slice(0, sampleSize).map(callSummaryToWire);
          return { status: 200, body: { dry_run: true as const, total: runs.length, skipped, sample } };
        }
        const { callId: batchId, fingerprint } = await identify(
          deps,
          { request, principal, project },
          { batch: body },
          (...key) => batches.idOf(...key),
        );
        const { rate_per_second: ratePerSecond, max_in_flight: maxInFlight } = body;
        const overrides = overridesOf(body.overrides);
        await batches.start({ batchId, filter, overrides, ratePerSecond, maxInFlight }, fingerprint);
        await deps.access.refresh(); // Who closed the project meanwhile has not seen this batch.
        if (deps.access.project(project)?.closedAt !== undefined) await batches.cancel(batchId);
        const headers = { Location: `/api/vps/reruns/${encodeURIComponent(batchId)}` };
        return { status: 202, body: { batch_id: batchId }, headers };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/reruns',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: 'List batches of reruns',
      description:
        'Running batches first. The counts of a running batch do not include the page in progress.',
      query: z.strictObject(cursorQuery),
      answers: { 200: { description: 'One page', schema: batchList } },
      refusals: ['validation_failed', 'temporal_unavailable'],
      handle: async ({ query, project }) => {
        const page = await batches.list(project, query);
        return {
          status: 200,
          body: { batches: page.items.map(batchToWire), next_cursor: page.nextCursor ?? null },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/reruns/{id}',
      scope: 'read',
      projects: 'id',
      tag: 'calls',
      summary: 'Describe a batch of reruns',
      params,
      answers: { 200: { description: 'Running or ended', schema: batchDescription } },
      refusals: ['batch_not_found', 'payload_lost', 'temporal_unavailable', 'payload_store_unavailable'],
      handle: async ({ params: { id: batchId } }) => {
        const [batch, items] = await Promise.all([batches.describe(batchId), batches.items(batchId)]);
        return { status: 200, body: { ...batchToWire(batch), items: items.map(batchItemToWire) } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/reruns/{id}/events',
      scope: 'read',
      projects: 'id',
      tag: 'calls',
      summary: 'Follow a batch of reruns',
      description: 'Server-sent events: `progress` at once and whenever it changes, `end` after the last.',
      params,
      answers: {
        200: { description: 'Events', schema: z.string(), mediaType: 'text/event-stream' },
      },
      refusals: ['batch_not_found', 'overloaded', 'shutting_down', 'temporal_unavailable'],
      handle: ({ params: { id: batchId }, request, response }) => {
        const follow = (signal: AbortSignal) => reruns.events.follow(batchId, signal);
        return streamValues(streams, request, response, follow, async (stream, batch) => {
          await stream.send('progress', batchToWire(batch));
          if (batch.status !== 'running') await stream.send('end', { batch_id: batchId } satisfies BatchEnd);
        });
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/reruns/{id}/cancel',
      scope: 'operate',
      projects: 'id',
      tag: 'calls',
      summary: 'Cancel a batch of reruns',
      description: 'No more calls are started; calls in flight run to their end.',
      params,
      answers: { 202: { description: 'As asked', schema: batchCancelled } },
      refusals: ['batch_not_found', 'shutting_down', 'temporal_unavailable'],
      handle: async ({ params: { id: batchId } }) => ({
        status: 202,
        body: { batch_id: batchId, status: await batches.cancel(batchId) },
      }),
    }),
  ];
}
