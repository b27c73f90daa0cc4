/** The figures equal what callers and agents have seen, also after everything was killed. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startOwnNamespace } from '../on-cluster/own-namespace.ts';
import type { Json } from '../rig/http-client.ts';
import { samePlace, startNodeProcess } from '../rig/node-process.ts';
import { agentOf, place } from './kill-support.ts';

/** 1,000 calls, or HOLDFAST_TEST_CALLS. */
const count = Number(process.env['HOLDFAST_TEST_CALLS'] ?? 1_000);
const concurrency = 16;

interface Figures {
  readonly complete_until?: string;
  readonly total: {
    readonly calls: Readonly<Record<string, number>>;
    readonly errors: Readonly<Record<string, number>>;
    readonly failovers: readonly { asked: string; answered: string; calls: number }[];
    readonly latency_ms: Percentiles;
    readonly duration_ms: Percentiles;
    readonly agents: Readonly<Record<string, { attempts: number; tries: number }>>;
  };
}

interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

it(
  'counts exactly, and percentiles are within 2 %, before and after all nodes and the server are killed',
  async () => {
    const server = await startOwnNamespace();
    const environment = await place({
      ...server.settings,
      HOLDFAST_ENDINGS_MARGIN_SECONDS: '5',
      HOLDFAST_CIRCUIT_BREAKER: 'off',
    });
    const beside = await startNodeProcess({ ...environment });
    let node = await startNodeProcess(environment);
    // Every seventh request to `moody` fails, and every fifth prompt is refused by `strict`.
    const moody = await agentOf(async ({ body, attempt }) => {
      if (attempt % 7 === 0) return { status: 503 };
      await delay(5 + (text(body).length % 40) * 3);
      return { body: { content: 'yes' } };
    });
    const strict = await agentOf(async ({ body }) => {
      if (text(body).endsWith('5')) return { status: 401 };
      await delay(20);
      return { body: { content: 'yes' } };
    });
    const { http } = node;
    await http.register('moody', moody.port, { max_retries: 0, fallback_agents: ['strict'] });
    await http.register('strict', strict.port, { max_retries: 1 });

    const journal: Json[] = [];
    const ask = async (index: number): Promise<void> => {
      const prompt = `${'x'.repeat(index % 97)} ${index}`;
      const call = { agent_name: index % 3 === 0 ? 'strict' : 'moody', prompt };
      // The node may be killed meanwhile. The call goes on, and the same request to another node gets its answer.
      for (const by of [index % 2 === 0 ? node : beside, beside, beside]) {
        const answer = await by.http
          .call(call, { 'Idempotency-Key': `figures-${index}` })
          .catch(() => undefined);
        if (answer?.status !== 200) continue;
        journal.push(answer.body);
        return;
      }
      throw new Error(`Call ${index} got no answer`);
    };
    let next = 0;
    const worker = async (until: number): Promise<void> => {
      while (next < until) await ask(next++);
    };
    const workers = (until: number): Promise<unknown> =>
      Promise.all(Array.from({ length: concurrency }, () => worker(until)));
    await workers(count / 4);
    const working = workers(count);
    node.process.kill('SIGKILL');
    await node.process.exited;
    node = await startNodeProcess(samePlace(environment, node));
    await working;

    const read = async (): Promise<Figures> =>
      (await node.http.get('/api/vps/figures?step=minute')).body as unknown as Figures;
    const totals = async (): Promise<number> =>
      Object.values((await read()).total.calls).reduce((sum, calls) => sum + calls, 0);
    const waitForAll = (calls: number) =>
      expect.poll(totals, { timeout: 120_000 + 10 * count, interval: 500 }).toBe(calls);
    await waitForAll(count);
    const { total } = await read();
    expect(countsIn(total)).toEqual(countsOf(journal));
    // A request that was lost with its worker in a first task is known to its agent alone.
    const tries = (total.agents['moody']?.tries ?? 0) + (total.agents['strict']?.tries ?? 0);
    const requests = moody.requests.length + strict.requests.length;
    expect(tries).toBeLessThanOrEqual(requests);
    expect(requests - tries).toBeLessThanOrEqual(concurrency);
    const latencies = journal.flatMap((answer) => attemptsOf(answer).map(({ latency_ms: ms }) => ms));
    expect(total.latency_ms.count).toBe(latencies.length);
    for (const percentile of [50, 95, 99] as const) {
      const exact = exactPercentile(latencies, percentile);
      expect(Math.abs(total.latency_ms[`p${percentile}`] - exact)).toBeLessThanOrEqual(0.02 * exact);
    }

    for (const { process } of [node, beside]) process.kill('SIGKILL');
    await server.killServer();
    await Promise.all([node, beside].map(({ process }) => process.exited));
    await server.startServer();
    node = await startNodeProcess(samePlace(environment, node));
    const afterwards = await node.http.call({ agent_name: 'strict', prompt: 'afterwards' });
    await waitForAll(count + 1);
    expect(countsIn((await read()).total)).toEqual(countsOf([...journal, afterwards.body]));
  },
  300_000 + 100 * count,
);

interface AttemptJson {
  readonly agent: string;
  readonly status: string;
  readonly latency_ms: number;
}

/** The attempts of agents that were asked. */
function attemptsOf(answer: Json): AttemptJson[] {
  const attempts = answer['attempts'] as AttemptJson[];
  return attempts.filter(({ status }) => status !== 'skipped');
}

/** What a caller's journal says: calls by outcome, failures by type, failovers, and attempts by agent. */
function countsOf(journal: readonly Json[]) {
  const failovers = journal.filter(({ success, fallback_chain: chain, agent_name: agent }) => {
    const [asked] = chain as string[];
    return success && asked !== agent;
  });
  const failed = journal.filter(({ success }) => !success);
  const attempts = journal.flatMap(attemptsOf);
  const of = (agent: string): number => attempts.filter(({ agent: name }) => name === agent).length;
  return {
    calls: { completed: journal.length - failed.length, failed: failed.length, cancelled: 0 },
    errors: { auth: failed.length },
    failovers: [{ asked: 'moody', answered: 'strict', calls: failovers.length }],
    attempts: { moody: of('moody'), strict: of('strict') },
  };
}

function countsIn({ calls, errors, failovers, agents }: Figures['total']) {
  const attempts = Object.entries(agents).map(([name, agent]) => [name, agent.attempts]);
  return { calls, errors, failovers, attempts: Object.fromEntries(attempts) as Record<string, number> };
}

/** By nearest rank. */
function exactPercentile(values: readonly number[], percentile: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil((percentile / 100) * sorted.length) - 1] ?? NaN;
}

function text(body: unknown): string {
  return (body as { messages: { content: string }[] }).messages.at(-1)?.content ?? '';
}
