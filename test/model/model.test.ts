/** The gateway against a model: any sequence of steps over HTTP must look the same in both. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import type { NodeProcess } from '../rig/node-process.ts';
import { steps } from './commands.ts';
import { echoOf, newModel } from './gateway-model.ts';
import type { Real } from './step.ts';
import { startTwoFacades, type TwoFacades } from './two-facades.ts';

let facades: TwoFacades;
let echo: ScriptedAgent;
let refuse: ScriptedAgent;
let gate: ScriptedAgent;
let open: () => void = () => undefined;

beforeAll(async () => {
  facades = await startTwoFacades({ HOLDFAST_CIRCUIT_BREAKER: 'off' });
  echo = await startAgent(({ body }) => {
    const { messages } = body as { messages: { content: string }[] };
    return { body: { content: echoOf(messages.at(-1)?.content ?? '', messages.length) } };
  });
  refuse = await startAgent(() => ({ status: 401 }));
  gate = await startAgent(async () => {
    await new Promise<void>((resolve) => (open = resolve));
    return { body: { content: 'at last' } };
  });
});
afterAll(async () => {
  await facades.close();
  await Promise.all([echo.close(), refuse.close(), gate.close()]);
});

interface Mortals {
  /** Hands out a facade to kill, and starts the next one meanwhile. */
  readonly take: () => Promise<NodeProcess>;
  /** The last facade started, which nobody took. The end of the test kills it, which must not happen while it starts. */
  readonly left: () => Promise<NodeProcess>;
}

function mortalsOf(start: () => Promise<NodeProcess>): Mortals {
  let next = start();
  return {
    async take() {
      const facade = await next;
      next = start();
      return facade;
    },
    left: () => next,
  };
}

it('any sequence of steps leaves the gateway as the model says', { timeout: 180_000 }, async () => {
  let run = 0;
  const mortals = facades.startMortal && mortalsOf(facades.startMortal);
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      run += 1;
      const prefix = `run${run}-`;
      const real: Real = {
        http: facades.http,
        ports: { echo: echo.port, refuse: refuse.port },
        gate,
        open: () => open(),
        mortal: mortals?.take,
        own: (name) => prefix + name,
      };
      await fc.asyncModelRun(() => ({ model: newModel(), real }), sequence);
    }),
    { numRuns: 30, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
  expect(run).toBeGreaterThan(1);
  await mortals?.left();
});
