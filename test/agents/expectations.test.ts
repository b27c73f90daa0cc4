/** Answers are checked beside the main thread, within limits of time and memory. */
import { expect, onTestFinished, test } from 'vitest';
import { CheckThread } from '../../src/agents/expectations/check-thread.ts';
import {
  Expectations,
  type ExpectationLimits,
  type StartThread,
} from '../../src/agents/expectations/expectations.ts';
import { createRedactor } from '../../src/agents/redaction/redactor.ts';
import { agentErrorOf } from './support.ts';

const never = new AbortController().signal;

function open(limits: Partial<ExpectationLimits> = {}, start?: StartThread): Expectations {
  const expectations = new Expectations(
    { timeoutMs: 60_000, memoryMib: 256, maxThreads: 1, ...limits },
    start,
  );
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

test('a thread that exceeds the time limit is replaced, and the checks that waited for it are done', async () => {
  const expectations = open({ timeoutMs: 3_000 });
  const slow = agentErrorOf(expectations.require(manyItems, unique, never));
  await expectations.require('"short"', wordy, never);
  const wrong = await agentErrorOf(expectations.require('"longer"', wordy, never));
  expect(wrong.message).toContain('must NOT have more than 5 characters');
  expect((await slow).message).toContain('it could not be checked');
});

test('slow checks of one expectation delay only that expectation, not others', async () => {
  const expectations = open({ timeoutMs: 3_000 });
  const done: string[] = [];
  const slow = [1, 2].map(() =>
    agentErrorOf(expectations.require(manyItems, unique, never)).then(() => done.push('slow')),
  );
  await Promise.all([...slow, expectations.require('"short"', wordy, never).then(() => done.push('quick'))]);
  expect(done).toEqual(['slow', 'quick', 'slow']);
});

test('a check that waits for a thread ends at once when its call is aborted, and never runs', async () => {
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

test('an expectation that does not compile, or not in time, is refused with the name of its field', async () => {
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

test.each([
  { $async: true, required: ['a'] },
  { $async: 'yes' },
  { properties: { a: { $async: true } } },
  { $ref: '#/definitions/a', definitions: { a: { $async: true, required: ['a'] } } },
  { allOf: [{ items: [{ not: { $async: true } }] }] },
])(
  'the schema %j, whose check would be a promise, is refused by name, and no answer passes it',
  async (jsonSchema) => {
    const expectations = open();
    const refusal = /^expect\.json_schema: .*\$async/;
    await expect(expectations.requireCompilable({ jsonSchema })).rejects.toThrow(refusal);
    await expect(expectations.require('{"b":1}', { jsonSchema }, never)).rejects.toThrow(refusal);
  },
);

test('a property or a value that is called $async is an ordinary one', async () => {
  const named = { properties: { $async: { const: { $async: true } } }, required: ['$async'] };
  const expectations = open();
  await expectations.requireCompilable({ jsonSchema: named });
  await expectations.require('{"$async":{"$async":true}}', { jsonSchema: named }, never);
  expect((await agentErrorOf(expectations.require('{}', { jsonSchema: named }, never))).type).toBe(
    'invalid_response',
  );
});

test('a schema of an earlier registration that can no longer be compiled fails no other check', async () => {
  const expectations = open();
  const old = { jsonSchema: { $async: true, required: ['a'] } };
  const checks = Array.from({ length: 40 }, async (_, index) => {
    if (index % 4 === 0) await expect(expectations.require('{"b":1}', old, never)).rejects.toThrow('$async');
    const own = { jsonSchema: { type: 'string', maxLength: 5 + index } };
    await Promise.all([expectations.require('"short"', own, never), expectations.requireCompilable(own)]);
  });
  await Promise.all(checks);
});

test('a thread that runs out of memory because of earlier checks is replaced, and the check is repeated', async () => {
  const expectations = open({ memoryMib: 32 });
  for (let round = 0; round < 20; round++)
    await expectations.requireCompilable({
      jsonSchema: { description: `${round} ${'x'.repeat(2_000_000)}` },
    });
});

test('a thread that ends in the middle of a check is replaced, and the check is repeated', async () => {
  const started: CheckThread[] = [];
  const expectations = open({}, (limits) => {
    const thread = new CheckThread(limits);
    started.push(thread);
    return thread;
  });
  await expectations.require('"short"', wordy, never);
  const checks = [
    expectations.require('"short"', wordy, never),
    expectations.requireCompilable(unique),
    agentErrorOf(expectations.require('"longer"', wordy, never)),
  ];
  await started[0]?.close();
  await Promise.all(checks);
  expect(started).toHaveLength(2);
});

test('the error text has no token and at most 500 characters, however long a name in the answer is', async () => {
  const numbers = { jsonSchema: { additionalProperties: { type: 'number' } } };
  const expectations = open();
  for (const name of ['a/b', 'x'.repeat(100_000), `${'x'.repeat(16_380)}a/b`, `${'x'.repeat(460)}a/b`]) {
    const answer = JSON.stringify({ [name]: 'no' });
    const error = await agentErrorOf(expectations.require(answer, numbers, never, createRedactor('a/b')));
    expect(error.type).toBe('invalid_response');
    expect(error.message).toMatch(/^The answer is not as expected: \/(x+|\[redacted\] must be number$)/);
    expect(error.message).not.toMatch(/a\/b|a~1b/);
    expect(error.message.length).toBeLessThanOrEqual(500);
  }
});

test('a closed pool of threads rejects further checks', async () => {
  const expectations = open();
  const checking = expectations.require(manyItems, unique, never);
  const ending = expect(checking).rejects.toThrow('The thread ended');
  await expectations.close();
  await ending;
  await expect(expectations.require('"short"', wordy, never)).rejects.toThrow('closed');
});
