/** What the endpoints of webhooks have in common. */
import { z } from 'zod';

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
