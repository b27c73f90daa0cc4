/** Real HTTP to several facades in turn: each request goes to another one than the last. */
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';

/** Every facade knows a change of the directory, or of an agent's health, by then: each looks once a second. */
const inStepMs = 2_000;
const pauseMs = 25;
const changesDirectory = /^\/api\/vps\/(register|agents\/[^/]+|agents\?id=.*)$/;
const health = '/api/vps/health?details=true';
const usesHealth = /^\/api\/vps\/health/;
/** Whom these ask depends on the agents' circuits. */
const goesByCircuits = /^\/api\/vps\/(call$|calls\/[^/]+\/(rerun|what-if))/;

export class RotatingClient extends HttpClient {
  private readonly urls: readonly string[];
  private turn = 0;
  private lastWrittenAt = -1;
  /** `crossed`: reads at another facade than the one that the last change went to. */
  readonly counts = { reads: 0, crossed: 0 };

  constructor(urls: readonly string[], key?: string) {
    super(urls[0] ?? '', key);
    this.urls = urls;
  }

  /** Changes with each access. */
  override get url(): string {
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
    if (method !== 'GET' && answer.status < 300 && changesDirectory.test(path)) {
      const known = await this.inStep('/api/vps/agents');
      if (known.length > 1) throw new Error(`The facades still know different agents:\n${known.join('\n')}`);
    }
    return answer;
  }

  private count(method: string): void {
    if (method !== 'GET') this.lastWrittenAt = this.turn;
    else {
      this.counts.reads += 1;
      if (this.lastWrittenAt !== -1 && this.lastWrittenAt !== this.turn) this.counts.crossed += 1;
    }
  }

  /** The different answers of the facades; a single one if all agree within their time. */
  private async inStep(path: string, view = (body: Json): unknown => body): Promise<string[]> {
    const began = performance.now();
    for (;;) {
      const answers = await Promise.all(this.urls.map(() => super.send('GET', path, undefined, {})));
      const different = [...new Set(answers.map(({ body }) => JSON.stringify(view(body))))];
      if (different.length === 1 || performance.now() - began > inStepMs) return different;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** What an agent's circuit is made of: a success among successes changes nothing of it. */
function failuresOf({ agents }: Json): unknown {
  return (agents as Json[]).map(({ agent_name, circuit, consecutive_failures }) => [
    agent_name,
    circuit,
    consecutive_failures,
  ]);
}
