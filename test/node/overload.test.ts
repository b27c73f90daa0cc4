/** As many calls in flight as a node takes: all are accepted, the next is refused at once, and the node goes on answering. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../agents/scripted-agent.ts';
import { startNodeProcess } from '../rig/node-process.ts';
import { testEnvironment } from '../rig/test-node.ts';

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
    await slow.waitForRequests(calls);

    const refused = await node.http.call({ agent_name: 'slow', prompt: 'one too many' });
    expect(refused).toMatchObject({ status: 429, body: { error_type: 'overloaded' } });
    expect(refused.headers.get('Retry-After')).toBe('1');
    expect(refused.headers.get('RateLimit-Policy')).toContain(`q=${calls}`);
    expect((await node.http.get('/healthz')).status).toBe(200);
    expect((await node.http.get('/metrics')).body.text).toContain(`holdfast_asks_in_flight ${calls}`);
    expect(slow.aborts).toBe(0);
  },
);
