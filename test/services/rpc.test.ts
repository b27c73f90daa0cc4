/** Which errors of an RPC mean that neither yes nor no came back, so that it may be sent again. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { expect, it } from 'vitest';
import { isNotFound, isUnanswered, temporalUnavailable } from '../../src/services/temporal/rpc.ts';
import { Refusal } from '../../src/domain/failures.ts';

/** As the connections throw them. */
const grpcError = (code: number): Error =>
  Object.assign(new Error('from the server'), { name: 'ServiceError', code, details: '', metadata: {} });

it.each([1, 2, 4, 8, 9, 10, 14])('gRPC code %i is unanswered, also as the cause of another error', (code) => {
  expect(isUnanswered(grpcError(code))).toBe(true);
  expect(isUnanswered(new Error('wrapped', { cause: grpcError(code) }))).toBe(true);
  expect(isNotFound(grpcError(code))).toBe(false);
});

it('a namespace that a server does not know yet, as it has just come up, is unanswered and not a missing workflow', () => {
  const error = new NamespaceNotFoundError('default');
  expect([isUnanswered(error), isNotFound(error)]).toEqual([true, false]);
});

it("not found and Holdfast's own refusals are answers, not unanswered", () => {
  const missing = new WorkflowNotFoundError('gone', 'call-1', undefined);
  expect([isUnanswered(missing), isNotFound(missing)]).toEqual([false, true]);
  expect([isUnanswered(grpcError(5)), isNotFound(grpcError(5))]).toEqual([false, true]);
  expect(isUnanswered(new Refusal('agents_full', 'full'))).toBe(false);
  expect(isUnanswered(temporalUnavailable('late'))).toBe(true);
});
