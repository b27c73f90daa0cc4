import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  errorTypes,
  failures,
  isErrorType,
  nonRetryableErrorTypes,
  Refusal,
  refusals,
} from '../../src/domain/failures.ts';

describe('the failure table', () => {
  it('handles each failure type as documented for clients and operators', () => {
    const treatment = Object.fromEntries(
      errorTypes.map((type) => {
        const { retry, fallBack, health } = failures[type];
        return [type, [retry, fallBack ? 'falls back' : 'ends the call', health].join(', ')];
      }),
    );
    expect(treatment).toEqual({
      timeout: 'yes, falls back, counts',
      connection: 'yes, falls back, unreachable',
      rate_limit: 'retry-after, falls back, counts',
      quota_exceeded: 'no, falls back, counts',
      model_error: 'yes, falls back, counts',
      auth: 'no, falls back, counts',
      invalid_request: 'no, falls back, ignored',
      invalid_response: 'once, falls back, counts',
      payload_too_large: 'no, falls back, ignored',
      no_slot: 'no, falls back, ignored',
      agent_paused: 'no, falls back, ignored',
      payload_lost: 'no, ends the call, ignored',
      deadline_exceeded: 'no, ends the call, ignored',
      cancelled: 'no, ends the call, ignored',
      internal: 'no, falls back, ignored',
      unknown: 'yes, falls back, counts',
    });
  });

  it('makes Temporal retry exactly the failure types that another try can help', () => {
    expect(nonRetryableErrorTypes.toSorted()).toEqual([
      'agent_paused',
      'auth',
      'cancelled',
      'deadline_exceeded',
      'internal',
      'invalid_request',
      'no_slot',
      'payload_lost',
      'payload_too_large',
      'quota_exceeded',
    ]);
  });

  it('recognises its own types and no other value, not even names of inherited members', () => {
    for (const type of errorTypes) expect(isErrorType(type)).toBe(true);
    for (const name of ['toString', 'constructor', '__proto__']) expect(isErrorType(name)).toBe(false);
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(isErrorType(value)).toBe(errorTypes.some((type) => type === value));
      }),
    );
  });
});

describe('a refusal', () => {
  it('of each type has the status that clients rely on', () => {
    const types = Object.entries(refusals);
    expect(Object.fromEntries(types.map(([type, { status }]) => [type, status]))).toEqual({
      invalid_json: 400,
      unauthorized: 401,
      scope_missing: 403,
      no_rights: 403,
      agent_not_allowed: 403,
      cross_site: 403,
      csrf_token_missing: 403,
      agent_not_found: 404,
      session_not_found: 404,
      call_not_found: 404,
      route_not_found: 404,
      method_not_allowed: 405,
      batch_not_found: 404,
      key_not_found: 404,
      prompt_not_allowed: 403,
      batch_not_allowed: 403,
      limit_reached: 429,
      project_not_found: 404,
      project_exists: 409,
      project_closed: 409,
      projects_full: 422,
      default_project: 409,
      key_ended: 409,
      last_admin_key: 409,
      session_exists: 409,
      payload_lost: 410,
      reset_retired: 410,
      body_too_large: 413,
      unsupported_media_type: 415,
      validation_failed: 422,
      idempotency_mismatch: 422,
      session_metadata_full: 422,
      address_refused: 422,
      first_key_not_admin: 422,
      webhook_not_found: 404,
      event_not_found: 404,
      alert_not_found: 404,
      silence_not_found: 404,
      silences_full: 422,
      webhook_address_refused: 422,
      webhooks_full: 422,
      webhook_disabled: 409,
      redeliveries_full: 409,
      keys_full: 422,
      agents_full: 422,
      session_queue_full: 429,
      session_busy: 429,
      overloaded: 429,
      internal: 500,
      shutting_down: 503,
      agent_paused: 503,
      issuer_unavailable: 503,
      temporal_unavailable: 503,
      disk_full: 503,
      payload_store_unavailable: 503,
    });
  });

  it('has its type, its message and what the caller can act on', () => {
    const cause = new Error('why');
    const refusal = new Refusal('overloaded', 'Too many', {
      extra: { open: 5 },
      retryAfterSeconds: 1,
      limit: { name: 'node', quota: 5 },
      cause,
    });
    expect(refusal).toBeInstanceOf(Error);
    expect(refusal).toMatchObject({
      name: 'Refusal',
      type: 'overloaded',
      message: 'Too many',
      extra: { open: 5 },
      retryAfterSeconds: 1,
      limit: { name: 'node', quota: 5 },
      cause,
    });
  });

  it('has no extra members, no retry time and no limit unless they are given', () => {
    const refusal = new Refusal('agent_not_found', "Agent 'x' not registered");
    expect(refusal.extra).toEqual({});
    expect([refusal.retryAfterSeconds, refusal.limit, refusal.cause]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
