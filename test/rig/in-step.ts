/** Waits until several facades know the same. */
import { CoalescedReads } from '../../src/lib/coalesced-reads.ts';
import type { HttpClient, Json } from './http-client.ts';

/** By then every facade knows a change of the directory or of an agent's health, since each reads them once a second. */
const inStepMs = 2_000;
/**
 * Tolerance for a workflow task that is lost on its way to a worker, which happens on a busy machine: Temporal sends it again
 * after 5 s (`workflowTaskTimeout`), and until then queries of that workflow wait.
 */
const slackMs = 10_000;
const pauseMs = 25;

const agents = '/api/vps/agents';
const health = '/api/vps/health?details=true';

export class InStep {
  private readonly facades: readonly HttpClient[];
  private readonly waits = new CoalescedReads<void>();

  constructor(facades: readonly HttpClient[]) {
    this.facades = facades;
  }

  /** Waits until all facades know the same agents. */
  ofAgents(): Promise<void> {
    return this.wait(agents);
  }

  /** Waits until all facades know the same health of all agents. */
  ofHealth(): Promise<void> {
    return this.wait(health);
  }

  /** Waits until all facades know the same of what agents' circuits depend on. */
  ofCircuits(): Promise<void> {
    return this.wait(health, failuresOf);
  }

  /**
   * Waits until all facades answer the same. Concurrent callers share a wait: fifty of them, each with reads of its own, would
   * keep the facades too busy to be in step. Throws if a facade does not know in time what another one knew.
   */
  private wait(path: string, view?: (body: Json) => unknown): Promise<void> {
    return this.waits.read(`${path} ${view?.name ?? ''}`, () => this.until(path, view));
  }

  private async until(path: string, view = (body: Json): unknown => body): Promise<void> {
    const began = performance.now();
    let first: readonly Json[] | undefined;
    for (;;) {
      const answers = await Promise.all(this.facades.map((facade) => facade.get(path)));
      const bodies = answers.map(({ body }) => body);
      first ??= bodies;
      const different = [...new Set(bodies.map((body) => JSON.stringify(view(body))))];
      if (different.length === 1) return;
      const waitedMs = performance.now() - began;
      if (waitedMs > inStepMs && path === health && keepUp(first, bodies)) return;
      if (waitedMs > inStepMs + slackMs)
        throw new Error(`The facades still tell different things of ${path}:\n${different.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** Whether agents are being asked all the while, and each facade knows every outcome that any facade knew at first. */
function keepUp(first: readonly Json[], now: readonly Json[]): boolean {
  if (JSON.stringify(first) === JSON.stringify(now)) return false;
  const known = now.map(outcomesOf);
  return first
    .flatMap((body) => [...outcomesOf(body)])
    .every(([agent, outcomes]) => known.every((one) => (one.get(agent) ?? 0) >= outcomes));
}

/** How many outcomes of each agent an answer about health counts, including those that are not the agent's failure. */
function outcomesOf({ agents }: Json): Map<string, number> {
  return new Map(
    (agents as Json[] | undefined)?.map(({ agent_name, total_requests, error_metrics }) => [
      String(agent_name),
      Object.values(error_metrics ?? {}).reduce<number>(
        (sum, count) => sum + Number(count),
        Number(total_requests),
      ),
    ]),
  );
}

/** The outcomes that determine an agent's circuit. A success among successes does not change it. */
function failuresOf({ agents }: Json): unknown {
  return (agents as Json[]).map(({ agent_name, circuit, consecutive_failures }) => [
    agent_name,
    circuit,
    consecutive_failures,
  ]);
}
