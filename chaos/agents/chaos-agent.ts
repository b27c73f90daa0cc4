/** A real HTTP agent behind its own proxy. It answers as `manner` decides and records every request in the ledger. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Execution, Ledger } from './ledger.ts';

/** What a request to the agent contained. */
export interface Asked {
  readonly prompt: string;
  readonly authorization: string;
}

/**
 * Decides how an agent answers a request: with a response (status 200 by default), or with `reset`, which resets the
 * connection.
 */
export type Manner = (asked: Asked) => Promise<{ status?: number; body: unknown } | 'reset'>;

interface WireMessage {
  readonly role: string;
  readonly content: string;
}

export class ChaosAgent {
  readonly name: string;
  /** Workers reach the agent through this proxy. */
  readonly proxy: TcpProxy;
  /** Every token that the agent has been registered with. */
  readonly tokens = new Set<string>();
  private readonly server: Server;
  private readonly ledger: Ledger;
  private readonly manner: Manner;
  /** Connections on which a request has been answered completely. */
  private readonly served = new WeakSet<Socket>();

  private constructor(name: string, proxy: TcpProxy, server: Server, ledger: Ledger, manner: Manner) {
    this.name = name;
    this.proxy = proxy;
    this.server = server;
    this.ledger = ledger;
    this.manner = manner;
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(name: string, manner: Manner, ledger: Ledger): Promise<ChaosAgent> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = await TcpProxy.start((server.address() as AddressInfo).port);
    return new ChaosAgent(name, proxy, server, ledger, manner);
  }

  async close(): Promise<void> {
    await this.proxy.close();
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    if (text === undefined) return; // The connection broke before the request was complete.
    const { execution, asked } = this.record(request, text);
    const kept = this.served.has(request.socket);
    response.on('close', () => {
      if (response.writableFinished) this.served.add(request.socket);
      const broken = { aborted: true as const, ...(kept && { brokeKept: true as const }) };
      this.ledger.end(execution, response.writableFinished ? {} : broken);
    });
    const answer = await this.manner(asked);
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    const content = (answer.body as { content?: unknown } | undefined)?.content;
    if (typeof content === 'string') execution.answer = content;
    response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json', 'Retry-After': '1' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }

  private record(request: IncomingMessage, text: string): { execution: Execution; asked: Asked } {
    const { messages } = JSON.parse(text) as { messages: readonly WireMessage[] };
    const prompt = messages.at(-1)?.content ?? '';
    const authorization = request.headers.authorization ?? '';
    const execution = this.ledger.begin({
      agent: this.name,
      key: String(request.headers['idempotency-key'] ?? ''),
      prompt,
      window: messages
        .slice(0, -1)
        .filter(({ role }) => role === 'user')
        .map(({ content }) => content),
      tokenKnown: this.tokens.has(authorization.replace(/^Bearer /, '')),
      startedAt: Date.now(),
    });
    return { execution, asked: { prompt, authorization } };
  }
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  }
}
