/** Sends real HTTP requests to several facades in turn: each request goes to another facade than the last one. */
import { CoalescedReads } from '../../src/lib/coalesced-reads.ts';
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';

/** By then every facade knows a change of the directory or of an agent's health, since each reads them once a second. */
const inStepMs = 2_000;
/**
 * Tolerance for a workflow task that is lost on its way to a worker, which happens on a busy machine: Temporal sends it again
 * after 5 s (`workflowTaskTimeout`), and until then queries of that workflow wait.
 */
const slackMs = 10_000;
const pauseMs = 25;
const changesDirectory = /^\/api\/vps\/(register|agents\/[^/]+|agents\?id=.*)$/;
const health = '/api/vps/health?details=true';
const usesHealth = /^\/api\/vps\/health/;
/** Requests whose choice of agent depends on the agents' circuits. */
const goesByCircuits = /^\/api\/vps\/(call$|calls\/[^/]+\/(rerun|what-if))/;

export class RotatingClient extends HttpClient {
  private readonly urls: readonly string[];
  private turn = 0;
  private lastWrittenAt = -1;
  private readonly waits = new CoalescedReads<void>();
  /** `crossed`: reads at another facade than the one that the last change went to. */
  readonly counts = { reads: 0, crossed: 0 };

  constructor(urls: readonly string[], key?: string) {
    super(urls[0] ?? '', key);
    this.urls = urls;
  }

  override nextUrl(): string {
    this.turn = (this.turn + 1) % this.urls.length;
    return this.urls[this.turn] ?? '';
  }

  protected override async send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<HttpAnswer> {
    if (usesHealth.test(path)) await this.inStep(health);
    if (goesByCircuits.test(path)) await this.inStep(health, failuresOf);
    const sent = super.send(method, path, body, headers); // It has taken its turn by now.
    this.count(method);
    const answer = await sent;
    if (method !== 'GET' && answer.status < 300 && changesDirectory.test(path))
      await this.inStep('/api/vps/agents');
    return answer;
  }

  private count(method: string): void {
    if (method !== 'GET') this.lastWrittenAt = this.turn;
    else {
      this.counts.reads += 1;
      if (this.lastWrittenAt !== -1 && this.lastWrittenAt !== this.turn) this.counts.crossed += 1;
    }
  }

  /**
   * Waits until all facades answer the same. Concurrent callers share a wait: fifty of them, each with reads of its own, would
   * keep the facades too busy to be in step. Throws if a facade does not know in time what another one knew.
   */
  private inStep(path: string, view?: (body: Json) => unknown): Promise<void> {
    return this.waits.read(`${path} ${view?.name ?? ''}`, () => this.untilInStep(path, view));
  }

  private async untilInStep(path: string, view = (body: Json): unknown => body): Promise<void> {
    const began = performance.now();
    let first: readonly Json[] | undefined;
    for (;;) {
      const answers = await Promise.all(this.urls.map(() => super.send('GET', path, undefined, {})));
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
