import { expect, test } from 'vitest';
import { configOf, askOnce, openAgent, openTransport, question } from './support.ts';

test('a question is one POST of JSON that names the agent and holds the messages in order', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const messages = [
    { role: 'user', content: 'one' },
    { role: 'assistant', content: 'two' },
    { role: 'user', content: 'thrée "3" \u{1f600}' },
  ] as const;

  expect(await askOnce(agent, { messages, sessionId: 's 1' })).toBe('hi');

  expect(agent.requests).toHaveLength(1);
  const [request] = agent.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/v1/messages', callKey: 'call-1/writer' });
  expect(request?.body).toEqual({ model: 'writer', messages, session_id: 's 1' });
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'accept-encoding': 'gzip, br',
    host: `127.0.0.1:${agent.port}`,
  });
});

test('a call without session and token sends neither field nor header', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  await askOnce(agent);
  expect(agent.requests[0]?.body).not.toHaveProperty('session_id');
  expect(agent.requests[0]?.headers).not.toHaveProperty('authorization');
});

test("the call's trace context travels as headers", async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'crm=1' };
  await askOnce(agent, { trace });
  expect(agent.requests[0]?.headers).toMatchObject(trace);
  await askOnce(agent);
  expect(agent.requests[1]?.headers).not.toHaveProperty('traceparent');
});

test('the token travels as a bearer token', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  await askOnce(agent, { token: 'opensesame' });
  expect(agent.requests[0]?.headers.authorization).toBe('Bearer opensesame');
});

test('of a message only its role and content are sent', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const message = { role: 'user', content: 'hello', callId: 'secret' } as const;
  await askOnce(agent, { messages: [message] });
  expect(agent.requests[0]?.body).toMatchObject({ messages: [{ role: 'user', content: 'hello' }] });
  expect(JSON.stringify(agent.requests[0]?.body)).not.toContain('secret');
});

test.each([
  ['', '/v1/messages'],
  ['/ask?tenant=1', '/ask?tenant=1'],
  ['ask', '/ask'],
  ['/with space/é', '/with%20space/%C3%A9'],
  ['//elsewhere.example/x', '//elsewhere.example/x'],
  ['@elsewhere.example', '/@elsewhere.example'],
])('the path %j is asked for as %s, always at the same host', async (path, expected) => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  await openTransport().ask(question(configOf(agent, { path })));
  expect(agent.requests[0]?.path).toBe(expected);
});

test('a short spelling of loopback reaches the agent', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  expect(await askOnce({ host: '127.1', port: agent.port })).toBe('hi');
});

test('questions to one agent reuse its connections', async () => {
  const agent = await openAgent(() => ({ body: { content: 'hi' } }));
  const transport = openTransport();
  for (let i = 0; i < 20; i++) await transport.ask(question(configOf(agent)));
  expect(new Set(agent.requests.map((request) => request.clientPort)).size).toBeLessThanOrEqual(2);
});

test('no more than connectionsPerOrigin connections are open to one agent at once', async () => {
  let open = 0;
  let most = 0;
  const agent = await openAgent(async () => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    return { body: { content: 'hi' } };
  });
  const transport = openTransport({ connectionsPerOrigin: 3 });
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => transport.ask(question(configOf(agent)))),
  );
  expect(answers).toHaveLength(30);
  expect(most).toBeLessThanOrEqual(3);
});

test('a request is never repeated by the transport, whatever happens to it', async () => {
  for (const reply of [{ reset: true }, { status: 503 }, { status: 429 }] as const) {
    const agent = await openAgent(() => reply);
    await expect(askOnce(agent)).rejects.toThrow();
    expect(agent.requests).toHaveLength(1);
  }
});
