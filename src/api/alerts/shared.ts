/** What the endpoints of alerts have in common. */
export const refusedAlertReads = ['temporal_unavailable', 'project_not_found'] as const;
export const refusedAlertChanges = [
  'unauthorized',
  'scope_missing',
  'shutting_down',
  'temporal_unavailable',
  'project_not_found',
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
] as const;
