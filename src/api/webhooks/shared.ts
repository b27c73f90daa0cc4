/** What the endpoints of webhooks have in common. */
import type { Response } from 'express';
import { z } from 'zod';

/** Aborts once the client has left. */
export function whenLeft(response: Response): AbortSignal {
  const left = new AbortController();
  response.once('close', () => left.abort());
  return left.signal;
}

export const webhookParams = z.object({
  id: z.string().regex(/^[0-9A-Za-z]{1,64}$/, 'letters and digits: the list shows the ids'),
});
export const refusedChanges = [
  'unauthorized',
  'scope_missing',
  'shutting_down',
  'temporal_unavailable',
  'payload_store_unavailable',
  'project_not_found',
] as const;
export const refusedBodies = [
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
] as const;
export const refusedReads = [
  'temporal_unavailable',
  'payload_store_unavailable',
  'project_not_found',
] as const;
