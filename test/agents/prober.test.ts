/** Free probes of the agents' health paths, and the outcomes they give. */
import { expect, test } from 'vitest';
import { probeAgents } from '../../src/agents/probes/prober.ts';
import type { AgentConfig } from '../../src/domain/agent.ts';
import type { Outcome } from '../../src/domain/health.ts';
import type { Script } from './scripted-agent.ts';
import { closedPort, configOf, openAgent, openTransport } from './support.ts';

async function outcomesOf(agents: readonly AgentConfig[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await probeAgents(openTransport(), agents, 5_000, (outcome) => outcomes.push(outcome));
  return outcomes;
}

const probed = (name: string, port: number, more: Partial<AgentConfig> = {}): AgentConfig =>
  configOf({ host: '127.0.0.1', port }, { name, healthPath: '/healthz', ...more });

test.each<[string, Script, Outcome['errorType']]>([
  ['is well', () => ({ status: 204 }), undefined],
  ['says that it is not', () => ({ status: 503 }), 'model_error'],
  ['asks for a key', () => ({ status: 401 }), 'auth'],
  ['lacks the path', () => ({ status: 404 }), 'invalid_request'],
  ['resets the connection', () => ({ reset: true }), 'connection'],
  ['does not answer in its time', () => ({ hang: true }), 'timeout'],
])('an agent that %s gives that outcome, marked as a probe', async (_what, script, errorType) => {
  const agent = await openAgent(script);
  const before = Date.now();
  const [outcome, ...others] = await outcomesOf([probed('writer', agent.port, { timeoutMs: 200 })]);
  expect(others).toEqual([]);
  expect(outcome).toEqual({
    callId: expect.stringMatching(/^probe [0-9a-f-]{36}$/) as string,
    agent: 'writer',
    probe: true,
    at: expect.any(Number) as number,
    ...(errorType && { errorType }),
  });
  expect(outcome?.at).toBeGreaterThanOrEqual(before);
  expect(agent.requests).toMatchObject([{ method: 'GET', path: '/healthz', body: '' }]);
});

test('an agent that is down is unreachable, and does not keep the others from being probed', async () => {
  const agent = await openAgent(() => ({ status: 200 }));
  const outcomes = await outcomesOf([probed('down', await closedPort()), probed('up', agent.port)]);
  expect(new Map(outcomes.map((outcome) => [outcome.agent, outcome.errorType]))).toEqual(
    new Map([
      ['down', 'connection'],
      ['up', undefined],
    ]),
  );
});

test('an agent without a health path is never asked: a probe costs nobody a prompt', async () => {
  const agent = await openAgent(() => ({ status: 200 }));
  expect(await outcomesOf([configOf(agent)])).toEqual([]);
  expect(await outcomesOf([])).toEqual([]);
  expect(agent.requests).toEqual([]);
});

test('every agent is probed once, eight at a time, and each probe has its own id', async () => {
  let open = 0;
  let most = 0;
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const server = await openAgent(async () => {
    most = Math.max(most, ++open);
    await gate;
    open -= 1;
    return { status: 200 };
  });
  const names = Array.from({ length: 20 }, (_, index) => `agent-${index}`);
  const probing = outcomesOf(names.map((name) => probed(name, server.port)));
  await server.waitForRequests(8);
  release();
  const outcomes = await probing;
  expect(most).toBe(8);
  expect(outcomes.map(({ agent }) => agent).sort()).toEqual([...names].sort());
  expect(new Set(outcomes.map(({ callId }) => callId)).size).toBe(20);
});
