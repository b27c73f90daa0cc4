/** A scripted agent over real HTTP on 127.0.0.1: it answers as its script says and keeps a ledger of what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Milestones } from './milestones.ts';
import { parsed, readText, send, type Reply, type Script, type ScriptedRequest } from './scripted-http.ts';

export type { Reply, Script, ScriptedRequest };

/** Times are epoch ms. */
export interface LedgerEntry extends ScriptedRequest {
  readonly startedAt: number;
  /** Tells connections apart. */
  readonly clientPort: number | undefined;
  closedAt?: number;
  /** The client closed the connection before it had the whole reply. */
  aborted: boolean;
}

export class ScriptedAgent {
  readonly host = '127.0.0.1';
  readonly requests: LedgerEntry[] = [];
  private readonly milestones = new Milestones();
  private readonly script: Script;
  private server: Server | undefined;
  private listeningPort: number;

  /** A port of 0 means that a free one is picked. */
  constructor(script: Script, port = 0) {
    this.script = script;
    this.listeningPort = port;
  }

  /** The same for the agent's whole life, also after `stop()`. */
  get port(): number {
    return this.listeningPort;
  }

  get aborts(): number {
    return this.requests.filter((entry) => entry.aborted).length;
  }

  /** Listens, on the same port as before if there was one. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.serve(request, response));
    this.server = server;
    server.listen(this.listeningPort, this.host);
    await once(server, 'listening');
    this.listeningPort = (server.address() as AddressInfo).port;
  }

  /** Refuses connections from now on and cuts the open ones. */
  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** The end of a test; the same as `stop()`. */
  close(): Promise<void> {
    return this.stop();
  }

  /** Resolves once at least `count` requests have arrived, bodies included. */
  waitForRequests(count: number): Promise<void> {
    return this.milestones.reach(() => this.requests.length >= count);
  }

  /** Resolves once at least `count` requests were given up by the client. */
  waitForAborts(count: number): Promise<void> {
    return this.milestones.reach(() => this.aborts >= count);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { server } = this;
    const body = await readText(request).catch(() => undefined);
    if (body === undefined) return;
    const entry = this.record(request, body);
    let cut = false;
    response.on('close', () => {
      entry.closedAt = Date.now();
      entry.aborted = !response.writableFinished && !cut && this.server === server;
      this.milestones.check();
    });
    this.milestones.check();
    const reply = await this.replyTo(entry);
    if (response.destroyed || 'hang' in reply) return;
    cut = 'reset' in reply;
    if ('reset' in reply) request.socket.resetAndDestroy();
    else send(response, reply);
  }

  private record(request: IncomingMessage, body: string): LedgerEntry {
    const callKey = request.headers['idempotency-key'];
    const entry: LedgerEntry = {
      attempt: this.requests.length + 1,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: parsed(body),
      callKey: typeof callKey === 'string' ? callKey : undefined,
      startedAt: Date.now(),
      clientPort: request.socket.remotePort,
      aborted: false,
    };
    this.requests.push(entry);
    return entry;
  }

  private async replyTo(request: ScriptedRequest): Promise<Reply> {
    try {
      return await this.script(request);
    } catch (error) {
      return { status: 500, body: { error: `The script threw: ${String(error)}` } };
    }
  }
}

export async function startAgent(script: Script): Promise<ScriptedAgent> {
  const agent = new ScriptedAgent(script);
  await agent.start();
  return agent;
}
