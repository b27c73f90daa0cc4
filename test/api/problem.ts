import { expect } from 'vitest';
import type { RefusalType } from '../../src/domain/failures.ts';
import type { HttpAnswer, Json } from '../rig/http-client.ts';

/** An RFC 9457 problem with all its members, Retry-After where another try may help, and the bound that was reached. */
export function expectProblem(answer: HttpAnswer, status: number, type: RefusalType): void {
  expect(answer.body).toMatchObject({ status, error_type: type, type: `urn:holdfast:problem:${type}` });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body.title).toMatch(/\S/);
  expect(answer.body.detail).toMatch(/\S/);
  const retryAfter = answer.headers.get('Retry-After');
  if (status === 429 || status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
  else expect(retryAfter).toBeNull();
  const limits = [answer.headers.get('RateLimit'), answer.headers.get('RateLimit-Policy')];
  if (status === 429)
    expect(limits).toEqual([
      expect.stringMatching(`^"[\\w-]+";r=0;t=${retryAfter ?? ''}$`),
      expect.stringMatching(/^"[\w-]+";q=\d+;(qu="concurrent-requests"|w=\d+)$/),
    ]);
  else expect(limits).toEqual([null, null]);
}

/** A 422 that names exactly these fields. */
export function expectInvalid(answer: HttpAnswer, ...fields: string[]): void {
  expectProblem(answer, 422, 'validation_failed');
  expect([...new Set((answer.body.errors as Json[]).map((one) => one.field))]).toEqual(fields);
  for (const { message } of answer.body.errors as Json[]) expect(message).toMatch(/\S/);
}
