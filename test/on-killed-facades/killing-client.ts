/**
 * Sends each call in a session to a facade that is killed as soon as it has answered. Nobody then tells the session how the
 * call ended: it must look by itself. Other requests go to a node that stays.
 */
import { HttpClient, type HttpAnswer, type Json } from '../rig/http-client.ts';
import { InStep } from '../rig/in-step.ts';
import type { NodeProcess } from '../rig/node-process.ts';

/** A facade that takes requests until it has answered one, and is killed once it has answered all of them. */
interface Doomed {
  readonly facade: Promise<NodeProcess>;
  open: number;
}

export class KillingClient extends HttpClient {
  private readonly node: HttpClient;
  private readonly start: () => Promise<NodeProcess>;
  private current: Doomed | undefined;
  private readonly started: Promise<NodeProcess>[] = [];

  constructor(url: string, key: string | undefined, start: () => Promise<NodeProcess>) {
    super(url, key);
    this.node = new HttpClient(url, key);
    this.start = start;
  }

  protected override async send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<HttpAnswer> {
    if (!isCallInSession(path, body)) return super.send(method, path, body, headers);
    const doomed = (this.current ??= this.doom());
    doomed.open += 1;
    try {
      const { http } = await doomed.facade;
      await this.inStep(http);
      return await http.post(path, body, headers);
    } finally {
      if (this.current === doomed) this.current = undefined;
      doomed.open -= 1;
      if (doomed.open === 0) await this.kill(doomed);
    }
  }

  /** Kills what is left. */
  async close(): Promise<void> {
    for (const { process } of await Promise.all(this.started)) process.kill('SIGKILL');
  }

  private doom(): Doomed {
    const next = this.started.at(-1) ?? this.begin();
    void this.begin();
    return { facade: next, open: 0 };
  }

  /** Begins to start the facade after the next one, so that a call rarely waits for it. */
  private begin(): Promise<NodeProcess> {
    const facade = this.start();
    this.started.push(facade);
    return facade;
  }

  private async kill({ facade }: Doomed): Promise<void> {
    const { process } = await facade;
    process.kill('SIGKILL');
    await process.exited;
  }

  /** Which agents a call asks depends on what its facade knows. */
  private async inStep(facade: HttpClient): Promise<void> {
    const facades = new InStep([this.node, facade]);
    await facades.ofAgents();
    await facades.ofCircuits();
  }
}

function isCallInSession(path: string, body: unknown): boolean {
  return path === '/api/vps/call' && (body as Json | undefined)?.['session_id'] != null;
}
