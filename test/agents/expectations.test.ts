/** Answers are checked beside the main thread, within limits of time and memory. */
import { expect, onTestFinished, test } from 'vitest';
import { Expectations, type ExpectationLimits } from '../../src/agents/expectations.ts';
import { agentErrorOf } from './support.ts';

const never = new AbortController().signal;

function open(limits: Partial<ExpectationLimits> = {}): Expectations {
  const expectations = new Expectations({ timeoutMs: 60_000, memoryMib: 256, maxThreads: 1, ...limits });
  onTestFinished(() => expectations.close());
  return expectations;
}

/** Quadratic: takes a minute and more for these. */
const unique = { jsonSchema: { uniqueItems: true } };
const manyItems = JSON.stringify(Array.from({ length: 300_000 }, (_, i) => i));
const wordy = { jsonSchema: { type: 'string', maxLength: 5 } };

test('a check that takes too long is invalid_response, and the main thread goes on meanwhile', async () => {
  let ticks = 0;
  const clock = setInterval(() => (ticks += 1), 1);
  onTestFinished(() => clearInterval(clock));
  const error = await agentErrorOf(open({ timeoutMs: 500 }).require(manyItems, unique, never));
  expect(error).toMatchObject({
    type: 'invalid_response',
    message:
      'The answer is not as expected: it could not be checked within 0.5 s (HOLDFAST_EXPECT_TIMEOUT_MS)',
  });
  expect(ticks).toBeGreaterThan(10);
});

test('a thread that took too long is replaced, and what waited for it is checked', async () => {
  const expectations = open({ timeoutMs: 3_000 });
  const slow = agentErrorOf(expectations.require(manyItems, unique, never));
  await expectations.require('"short"', wordy, never);
  const wrong = await agentErrorOf(expectations.require('"longer"', wordy, never));
  expect(wrong.message).toContain('must NOT have more than 5 characters');
  expect((await slow).message).toContain('it could not be checked');
});

test('whose checks take long waits behind itself, not before others', async () => {
  const expectations = open({ timeoutMs: 3_000 });
  const done: string[] = [];
  const slow = [1, 2].map(() =>
    agentErrorOf(expectations.require(manyItems, unique, never)).then(() => done.push('slow')),
  );
  await Promise.all([...slow, expectations.require('"short"', wordy, never).then(() => done.push('quick'))]);
  expect(done).toEqual(['slow', 'quick', 'slow']);
});

test('a waiting check ends at once when its call is aborted, and is never done', async () => {
  const expectations = open({ timeoutMs: 3_000 });
  const slow = agentErrorOf(expectations.require(manyItems, unique, never));
  const controller = new AbortController();
  const waiting = expectations.require(manyItems, unique, controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await slow;
});

test('an answer deeper than the stack is invalid_response against a recursive schema', async () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000);
  const recursive = { jsonSchema: { items: { $ref: '#' } } };
  const expectations = open();
  await expectations.requireCompilable(recursive);
  await expectations.require('[[[]],[]]', recursive, never);
  const error = await agentErrorOf(expectations.require(deep, recursive, never));
  expect(error).toMatchObject({
    type: 'invalid_response',
    message: 'The answer is not as expected: it is nested too deeply for json_schema',
  });
});

test('an answer whose check needs more memory than its thread may have is invalid_response', async () => {
  const expectations = open({ memoryMib: 32 });
  const text = '['.repeat(2_000_000) + ']'.repeat(2_000_000);
  const error = await agentErrorOf(expectations.require(text, { jsonSchema: {} }, never));
  expect(error.type).toBe('invalid_response');
  expect(error.message).toContain('HOLDFAST_EXPECT_MEMORY_MIB');
  await expectations.require('"short"', wordy, never);
});

test('an expectation that does not compile, or not in time, is told by its field', async () => {
  const expectations = open();
  await expect(expectations.requireCompilable({ denyRegex: '(' })).rejects.toThrow(/^expect\.deny_regex: /);
  await expect(expectations.requireCompilable({ jsonSchema: { $ref: '#/nowhere' } })).rejects.toThrow(
    /^expect\.json_schema: /,
  );
  const endless = { denyRegex: '(\\pL{1,100}){1,10}'.repeat(50) };
  await expect(open({ timeoutMs: 10 }).requireCompilable(endless)).rejects.toThrow(
    'expect: it could not be compiled within 0.01 s (HOLDFAST_EXPECT_TIMEOUT_MS)',
  );
});

test('after it is closed nothing is checked any more', async () => {
  const expectations = open();
  const checking = expectations.require(manyItems, unique, never);
  const ending = expect(checking).rejects.toThrow('The thread ended');
  await expectations.close();
  await ending;
  await expect(expectations.require('"short"', wordy, never)).rejects.toThrow('closed');
});
