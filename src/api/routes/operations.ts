import { z } from 'zod';
import { hasWorker } from '../../client/readiness.ts';
import { Refusal } from '../../domain/failures.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { endpoint, streamed, type Endpoint } from '../endpoint.ts';

/** `document` is made after all endpoints are known. */
export function operationEndpoints(deps: ApiDependencies, document: () => unknown): Endpoint[] {
  const { metrics, temporal, drain, workerRunning } = deps;
  return [
    endpoint({
      method: 'get',
      path: '/healthz',
      tag: 'operations',
      summary: 'Whether this process lives',
      open: true,
      answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: { status: 'ok' } }),
    }),
    endpoint({
      method: 'get',
      path: '/readyz',
      tag: 'operations',
      summary: 'Whether calls can be taken',
      description: 'Temporal answers and a worker polls. Tells within 2 s if not.',
      open: true,
      answers: { 200: { description: 'They can', schema: z.object({ status: z.literal('ready') }) } },
      refusals: ['shutting_down', 'temporal_unavailable'],
      handle: async () => {
        if (drain.draining)
          throw new Refusal('shutting_down', 'This node stops; ask another', { retryAfterSeconds: 5 });
        // Its own worker need not have polled yet; without one, some other process's must.
        if (!(await hasWorker(temporal)) && workerRunning() !== true)
          throw new Refusal('temporal_unavailable', 'Temporal answers, but no worker polls', {
            retryAfterSeconds: 2,
          });
        if (workerRunning() === false)
          throw new Refusal('temporal_unavailable', "This node's worker does not run", {
            retryAfterSeconds: 2,
          });
        return { status: 200, body: { status: 'ready' } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/metrics',
      tag: 'operations',
      summary: 'Prometheus metrics',
      answers: {
        200: { description: 'Text exposition format', schema: z.string(), mediaType: 'text/plain' },
      },
      refusals: [],
      handle: async ({ response }) => {
        response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
        return streamed;
      },
    }),
    endpoint({
      method: 'get',
      path: '/openapi.json',
      tag: 'operations',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.object({ openapi: z.string() }) } },
      refusals: [],
      handle: () => Promise.resolve({ status: 200, body: document() }),
    }),
  ];
}
