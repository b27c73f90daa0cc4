/** The gateway against a model: any sequence of steps over HTTP must look the same in both. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { startTestNode, type TestNode } from '../rig/test-node.ts';
import { steps, type Real } from './commands.ts';
import { echoOf, newModel } from './gateway-model.ts';

let test: TestNode;
let echo: ScriptedAgent;
let refuse: ScriptedAgent;
let hanging: ScriptedAgent;

beforeAll(async () => {
  test = await startTestNode({ HOLDFAST_CIRCUIT_BREAKER: 'off' });
  echo = await startAgent(({ body }) => {
    const { messages } = body as { messages: { content: string }[] };
    return { body: { content: echoOf(messages.at(-1)?.content ?? '', messages.length) } };
  });
  refuse = await startAgent(() => ({ status: 401 }));
  hanging = await startAgent(() => ({ hang: true }));
});
afterAll(async () => {
  await test.close();
  await Promise.all([echo.close(), refuse.close(), hanging.close()]);
});

it('any sequence of steps leaves the gateway as the model says', { timeout: 180_000 }, async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      run += 1;
      const prefix = `run${run}-`;
      const real: Real = {
        test,
        ports: { echo: echo.port, refuse: refuse.port },
        hanging,
        own: (name) => prefix + name,
      };
      await fc.asyncModelRun(() => ({ model: newModel(), real }), sequence);
    }),
    { numRuns: 30, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
  expect(run).toBeGreaterThan(0);
});
