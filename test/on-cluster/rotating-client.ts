/** Sends real HTTP requests to several facades in turn: each request goes to another facade than the last one. */
import { HttpClient, type HttpAnswer } from '../rig/http-client.ts';
import { InStep } from '../rig/in-step.ts';

const changesDirectory = /^\/api\/vps\/(register|agents\/[^/]+(\/(pause|resume))?|agents\?id=.*)$/;
const usesHealth = /^\/api\/vps\/health/;
/** Requests whose choice of agent depends on the agents' circuits. */
const goesByCircuits = /^\/api\/vps\/(call$|calls\/[^/]+\/(rerun|what-if))/;

export class RotatingClient extends HttpClient {
  private readonly urls: readonly string[];
  private turn = 0;
  private lastWrittenAt = -1;
  private readonly facades: InStep;
  /** `crossed`: reads at another facade than the one that the last change went to. */
  readonly counts = { reads: 0, crossed: 0 };

  constructor(urls: readonly string[], key?: string) {
    super(urls[0] ?? '', key);
    this.urls = urls;
    this.facades = new InStep(urls.map((url) => new HttpClient(url, key)));
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
    if (usesHealth.test(path)) await this.facades.ofHealth();
    if (goesByCircuits.test(path)) await this.facades.ofCircuits();
    const sent = super.send(method, path, body, headers); // It has taken its turn by now.
    this.count(method);
    const answer = await sent;
    if (method !== 'GET' && answer.status < 300 && changesDirectory.test(path)) await this.facades.ofAgents();
    return answer;
  }

  private count(method: string): void {
    if (method !== 'GET') this.lastWrittenAt = this.turn;
    else {
      this.counts.reads += 1;
      if (this.lastWrittenAt !== -1 && this.lastWrittenAt !== this.turn) this.counts.crossed += 1;
    }
  }
}
