/** Real HTTP to several facades in turn: what one has answered, the next is asked about. */
import { HttpClient, type HttpAnswer } from '../rig/http-client.ts';

/** How long a change of the directory may take to be seen by every facade: each looks once a second. */
const inStepMs = 2_000;
const pauseMs = 25;
const changesDirectory = /^\/api\/vps\/(register|agents\/[^/]+|agents\?id=.*)$/;

export class RotatingClient extends HttpClient {
  private readonly urls: readonly string[];
  private turn = 0;
  private lastWrittenAt = -1;
  /** Reads, and those of them that asked another facade than the last change had gone to. */
  readonly counts = { reads: 0, crossed: 0 };

  constructor(urls: readonly string[], key?: string) {
    super(urls[0] ?? '', key);
    this.urls = urls;
  }

  /** Another one each time that it is read. */
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
    const sent = super.send(method, path, body, headers); // It has taken its turn by now.
    this.count(method);
    const answer = await sent;
    if (method !== 'GET' && answer.status < 300 && changesDirectory.test(path)) await this.untilInStep();
    return answer;
  }

  private count(method: string): void {
    if (method !== 'GET') this.lastWrittenAt = this.turn;
    else {
      this.counts.reads += 1;
      if (this.lastWrittenAt !== -1 && this.lastWrittenAt !== this.turn) this.counts.crossed += 1;
    }
  }

  /** Throws where the facades do not come to know the same agents in time. */
  private async untilInStep(): Promise<void> {
    const began = performance.now();
    for (;;) {
      const known = await Promise.all(
        this.urls.map(async () =>
          JSON.stringify((await super.send('GET', '/api/vps/agents', undefined, {})).body),
        ),
      );
      if (known.every((one) => one === known[0])) return;
      if (performance.now() - began > inStepMs)
        throw new Error(`After ${inStepMs} ms the facades still know different agents:\n${known.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
