import { expect, test } from 'vitest';
import { agentErrorOf, askOnce, openAgent } from './support.ts';

test.each([
  [400, 'invalid_request'],
  [401, 'auth'],
  [402, 'invalid_request'],
  [403, 'auth'],
  [404, 'invalid_request'],
  [408, 'timeout'],
  [409, 'model_error'],
  [410, 'invalid_request'],
  [413, 'invalid_request'],
  [422, 'invalid_request'],
  [423, 'model_error'],
  [424, 'invalid_request'],
  [425, 'model_error'],
  [429, 'rate_limit'],
  [499, 'invalid_request'],
  [500, 'model_error'],
  [502, 'model_error'],
  [503, 'model_error'],
  [504, 'model_error'],
  [529, 'model_error'],
  [599, 'model_error'],
  [600, 'unknown'],
  [999, 'unknown'],
  [202, 'invalid_response'],
  [204, 'invalid_response'],
  [205, 'invalid_response'],
  [206, 'invalid_response'],
  [300, 'invalid_response'],
  [304, 'invalid_response'],
])('the status %i is %s, and its text names the status', async (status, type) => {
  const agent = await openAgent(() => ({ status, body: { content: 'looks like an answer' } }));
  const error = await agentErrorOf(askOnce(agent));
  expect(error.type).toBe(type);
  expect(error.message).toContain(String(status));
});

test.each([200, 201])('the status %i with content is an answer', async (status) => {
  const agent = await openAgent(() => ({ status, body: { content: 'hi' } }));
  expect(await askOnce(agent)).toBe('hi');
});

test.each([301, 302, 303, 307, 308])(
  'the redirect %i is invalid_response and is not followed',
  async (status) => {
    const other = await openAgent(() => ({ body: { content: 'from elsewhere' } }));
    const headers = { location: `http://127.0.0.1:${other.port}/v1/messages` };
    const agent = await openAgent(() => ({ status, headers }));
    const error = await agentErrorOf(askOnce(agent, { token: 'opensesame' }));
    expect(error.type).toBe('invalid_response');
    expect(error.message).toMatch(/redirects are not followed/);
    expect(other.requests).toHaveLength(0);
  },
);

test('a 202 says that an answer was promised for later and that this is not supported', async () => {
  const agent = await openAgent(() => ({ status: 202, body: { id: 'job-1', status: 'queued' } }));
  const { message } = await agentErrorOf(askOnce(agent));
  expect(message).toMatch(/202: it promises an answer for later, which Holdfast does not support/);
});

test.each([408, 409, 423, 425, 429, 500, 502, 503, 504, 529, 999])(
  'Retry-After in seconds is passed on with a %i',
  async (status) => {
    const agent = await openAgent(() => ({ status, headers: { 'retry-after': '7' } }));
    expect((await agentErrorOf(askOnce(agent))).retryAfterMs).toBe(7_000);
  },
);

test.each([
  [429, { 'retry-after-ms': '250' }, 250],
  [529, { 'retry-after-ms': '1500.2' }, 1_501],
  [503, { 'retry-after-ms': '250', 'retry-after': '7' }, 250],
  [503, { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7_000],
  [429, { 'retry-after-ms': '-1' }, undefined],
  [400, { 'retry-after-ms': '250' }, undefined],
])('a %i with the headers %j asks for a delay of %s ms', async (status, headers, delayMs) => {
  const agent = await openAgent(() => ({ status, headers }));
  expect((await agentErrorOf(askOnce(agent))).retryAfterMs).toBe(delayMs);
});

test.each([
  [{ error: { message: 'Pay', code: 'insufficient_quota' } }],
  [{ error: { message: 'Pay', type: 'insufficient_quota', code: null } }],
  [{ error: { message: 'Pay', code: 'billing_hard_limit_reached' } }],
  [{ error: 'Pay', code: 'insufficient_quota' }],
  [{ message: 'Pay', type: 'billing_hard_limit_reached' }],
])('a 429 with %j is quota_exceeded and asks for no delay', async (body) => {
  const agent = await openAgent(() => ({ status: 429, headers: { 'retry-after': '7' }, body }));
  const error = await agentErrorOf(askOnce(agent));
  expect(error).toMatchObject({ type: 'quota_exceeded', retryAfterMs: undefined, statusCode: 429 });
  expect(error.message).toBe('The agent answered 429: Pay');
});

test.each([
  [429, { error: { code: 'rate_limit_exceeded', message: 'not insufficient_quota' } }, 'rate_limit'],
  [429, { error: 'insufficient_quota for now' }, 'rate_limit'],
  [429, 'insufficient_quota', 'rate_limit'],
  [429, null, 'rate_limit'],
  [429, { error: { code: ['insufficient_quota'] } }, 'rate_limit'],
  [500, { error: { code: 'insufficient_quota' } }, 'model_error'],
])('a %i with %j is not quota_exceeded', async (status, body, type) => {
  const agent = await openAgent(() => ({ status, body }));
  expect((await agentErrorOf(askOnce(agent))).type).toBe(type);
});

test('Retry-After as a date is passed on as the time from now', async () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  const agent = await openAgent(() => ({ status: 429, headers: { 'retry-after': date } }));
  const { retryAfterMs } = await agentErrorOf(askOnce(agent));
  expect(retryAfterMs).toBeGreaterThan(50_000);
  expect(retryAfterMs).toBeLessThanOrEqual(60_000);
});

test('the first of several Retry-After headers counts', async () => {
  const agent = await openAgent(() => ({ status: 429, headers: { 'retry-after': ['3', '9'] } }));
  expect((await agentErrorOf(askOnce(agent))).retryAfterMs).toBe(3_000);
});

test.each([
  [429, 'soon'],
  [429, '-5'],
  [429, ''],
  [401, '7'],
  [404, '7'],
])('a %i with Retry-After %j asks for no delay', async (status, value) => {
  const agent = await openAgent(() => ({ status, headers: { 'retry-after': value } }));
  expect((await agentErrorOf(askOnce(agent))).retryAfterMs).toBeUndefined();
});

test.each([
  [{ error: 'quota used up' }, 'The agent answered 500: quota used up'],
  [{ error: { type: 'overloaded_error', message: 'Overloaded' } }, 'The agent answered 500: Overloaded'],
  [{ message: 'no model' }, 'The agent answered 500: no model'],
  [{ detail: 'Not Found' }, 'The agent answered 500: Not Found'],
  [{ detail: [{ loc: ['body'] }] }, 'The agent answered 500: {"detail":[{"loc":["body"]}]}'],
  ['<h1>Bad\n\n  Gateway</h1>', 'The agent answered 500: <h1>Bad Gateway</h1>'],
  ['a\u0000b\u001b[31mc\u009bd\u202ee', 'The agent answered 500: ab[31mcde'],
  ['', 'The agent answered 500'],
  [null, 'The agent answered 500: null'],
])('the error body %j is told as %j', async (body, message) => {
  const agent = await openAgent(() => ({ status: 500, body }));
  expect((await agentErrorOf(askOnce(agent))).message).toBe(message);
});

test('a long error body is cut to a text of 500 characters', async () => {
  const agent = await openAgent(() => ({ status: 500, body: 'x\u{1f600}'.repeat(100_000) }));
  const { message } = await agentErrorOf(askOnce(agent));
  expect(message.length).toBeLessThanOrEqual(500);
  expect(message).toMatch(/…$/);
  expect(() => encodeURIComponent(message)).not.toThrow(); // No half of a surrogate pair.
});

test('an error body nested a million deep is still just that status', async () => {
  const agent = await openAgent(() => ({ status: 500, body: '['.repeat(1_000_000) }));
  expect((await agentErrorOf(askOnce(agent))).type).toBe('model_error');
});
