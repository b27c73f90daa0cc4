/** As many calls in flight as a node takes: all are accepted, the next is refused at once, and the node goes on answering. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { startTestNode, testEnvironment } from '../rig/test-node.ts';

/** The soak does the same with 1,000 and measures latency and memory, on a machine of its own. */
const calls = 200;

test(
  'a node at its limit refuses the next call at once and answers everything else',
  { timeout: 180_000 },
  async () => {
    const environment = await testEnvironment({ HOLDFAST_MAX_CALLS_IN_FLIGHT: String(calls) });
    onTestFinished(() => rm(environment.HOLDFAST_DATA_DIR, { recursive: true, force: true }));
    const node = await startNodeProcess(environment);
    const slow = await startAgent(() => ({ hang: true }));
    onTestFinished(() => slow.close());
    await node.http.register('slow', slow.port, { timeout_seconds: 600 });
    let left = calls;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const body = { agent_name: 'slow', prompt: 'take your time', deadline_seconds: 600 };
        expect((await node.http.call(body, { Prefer: 'respond-async' })).status).toBe(202);
      }
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    // A busy machine is late with some first tasks: those calls ask again, under their same keys.
    const metrics = async () => (await node.http.get('/metrics')).body.text as string;
    const asked = /^holdfast_asks_in_flight (\d+)$/m;
    await expect.poll(async () => Number(asked.exec(await metrics())?.[1]), { timeout: 60_000 }).toBe(calls);

    const refused = await node.http.call({ agent_name: 'slow', prompt: 'one too many' });
    expect(refused).toMatchObject({ status: 429, body: { error_type: 'overloaded' } });
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(refused.headers.get('RateLimit-Policy')).toContain(`q=${calls}`);
    expect((await node.http.get('/healthz')).status).toBe(200);
    expect(Number(asked.exec(await metrics())?.[1])).toBe(calls);
  },
);

test('calls beyond those that a node starts at once wait in order', { timeout: 180_000 }, async () => {
  // On a busy machine the last of them waits long. It never is let through with so many that all come too late.
  const node = await startTestNode({ HOLDFAST_START_PATIENCE_SECONDS: '150' });
  onTestFinished(() => node.close());
  const echo = await startAgent(() => ({ body: { content: 'hello' } }));
  onTestFinished(() => echo.close());
  await node.http.register('echo', echo.port);
  const answers = await Promise.all(
    // Each in a new session, which is the slowest of starts: at once they would all come too late.
    Array.from({ length: 120 }, (_, i) =>
      node.http.call({ agent_name: 'echo', prompt: 'hi', session_id: `burst-${i}` }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test('a call that has waited too long to be started is refused, and nothing was accepted', async () => {
  const impatient = { HOLDFAST_MAX_STARTS: '1', HOLDFAST_START_PATIENCE_SECONDS: '0' };
  const node = await startTestNode(impatient);
  onTestFinished(() => node.close());
  const echo = await startAgent(() => ({ body: { content: 'hello' } }));
  onTestFinished(() => echo.close());
  await node.http.register('echo', echo.port);

  const answers = await Promise.all(
    Array.from({ length: 30 }, () => node.http.call({ agent_name: 'echo', prompt: 'hi' })),
  );

  const accepted = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 429);
  expect(accepted.length + refused.length).toBe(30);
  expect(accepted.length).toBe(echo.requests.length);
  expect(refused[0]?.body).toMatchObject({ error_type: 'overloaded' });
  expect(refused[0]?.headers.get('Retry-After')).toBe('1');
});
