/** Every failure fits into Temporal: the server refuses failures with messages of megabytes. */
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { asAgentError, asApplicationFailure } from '../../src/activities/ask-failure.ts';
import { AgentError } from '../../src/agents/transport.ts';

const huge = 'x'.repeat(3_000_000);

function nested(depth: number): Error {
  return new Error(huge, depth > 0 ? { cause: nested(depth - 1) } : {});
}

test.each([
  ['an agent failure', new AgentError('invalid_response', huge)],
  [
    'an agent failure with a half character',
    new AgentError('model_error', `${'x'.repeat(498)}\u{1f44b}${huge}`),
  ],
  ['a fault of ours', asAgentError(nested(20))],
  [
    'a fault with long names and stacks',
    asAgentError(Object.assign(new Error('no'), { name: huge, stack: `at ${huge}` })),
  ],
  ['something that is not an error', asAgentError(huge)],
])('%s of megabytes is cut to a few kilobytes', (_what, failure) => {
  const failed = asApplicationFailure(failure, [], true);
  const { length } = JSON.stringify(defaultFailureConverter.errorToFailure(failed, defaultPayloadConverter));
  expect(length).toBeLessThan(40_000);
  expect(failed.type).toBe(failure.type);
  expect(failed.message).toMatch(/^[^]{1,500}$/);
  expect(failed.message.isWellFormed()).toBe(true);
});

test('an internal failure keeps its message, its stack and its cause', () => {
  const cause = new TypeError('the cause');
  const failed = asApplicationFailure(asAgentError(new Error('the fault', { cause })), [], false);
  expect(failed.message).toBe('the fault');
  expect(failed.cause).toMatchObject({
    message: 'the fault',
    cause: { name: 'TypeError', message: 'the cause' },
  });
  expect(failed.cause?.stack).toContain('ask-failure.test.ts');
});
