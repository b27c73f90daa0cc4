import { z } from 'zod';
import { Refusal } from '../../domain/failures.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, streamed, type Endpoint } from '../http/endpoint.ts';

type Dependencies = Pick<
  ApiDependencies,
  'config' | 'metrics' | 'temporal' | 'drain' | 'workerRunning' | 'diskProblem' | 'storeWatch'
>;

/**
 * Creates the endpoints for operators. `document` returns the OpenAPI document; it is called only when the document is
 * requested.
 */
export function operationEndpoints(deps: Dependencies, document: () => { openapi: string }): Endpoint[] {
  const { config, metrics, temporal, drain, workerRunning, diskProblem, storeWatch } = deps;
  return [
    endpoint({
      method: 'get',
      path: '/healthz',
      scope: 'open',
      tag: 'operations',
      summary: 'Whether this process is alive',
      answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: { status: 'ok' as const } }),
    }),
    endpoint({
      method: 'get',
      path: '/readyz',
      scope: 'open',
      tag: 'operations',
      summary: 'Whether calls can be accepted',
      description:
        'Ready if Temporal answers, a worker that gets new calls polls, the disks of the data directory and of the payload store have room, and the payload store has been reached. Answers within 2 s.',
      answers: { 200: { description: 'They can', schema: z.object({ status: z.literal('ready') }) } },
      refusals: ['shutting_down', 'temporal_unavailable', 'disk_full', 'payload_store_unavailable'],
      handle: async () => {
        if (drain.draining)
          throw new Refusal('shutting_down', 'This node is stopping; ask another node', {
            retryAfterSeconds: 5,
          });
        const full = diskProblem();
        if (full !== undefined) throw new Refusal('disk_full', full, { retryAfterSeconds: 5 });
        if (storeWatch.problem !== undefined)
          throw new Refusal('payload_store_unavailable', unusable(storeWatch.problem), {
            retryAfterSeconds: 5,
          });
        const { current, polled } = await temporal.describePolling();
        // This node's own worker need not have polled yet. If it gets no new calls, another process's worker must have.
        const ownWorks = workerRunning() === true && config.worker.buildId === current;
        if (!polled && !ownWorks)
          throw new Refusal('temporal_unavailable', nobodyPolls(current), { retryAfterSeconds: 2 });
        if (workerRunning() === false)
          throw new Refusal('temporal_unavailable', "This node's worker does not run", {
            retryAfterSeconds: 2,
          });
        return { status: 200, body: { status: 'ready' as const } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/metrics',
      scope: 'metrics',
      tag: 'operations',
      summary: 'Prometheus metrics',
      description:
        'Of this node, about all projects: docs/metrics.md lists them. A key with the scope `metrics` reads these and nothing else.',
      answers: {
        200: { description: 'Text exposition format', schema: z.string(), mediaType: 'text/plain' },
      },
      refusals: [],
      handle: async ({ response }) => {
        response.type(metrics.contentType).send(await metrics.page());
        return streamed;
      },
    }),
    endpoint({
      method: 'get',
      path: '/openapi.json',
      scope: 'read',
      tag: 'operations',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.object({ openapi: z.string() }) } },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: document() }),
    }),
  ];
}

function nobodyPolls(current: string | undefined): string {
  return current === undefined
    ? 'Temporal answers, but no worker polls'
    : `Temporal answers, but no worker of version ${current} polls, which is current: start one, or promote another (npm run promote)`;
}

function unusable(problem: string): string {
  return `The payload store cannot be used yet (${problem}); this node tries again every 2 s`;
}
