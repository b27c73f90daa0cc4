/** A receiver of webhooks: a real HTTP server that verifies and records what it gets. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Json } from './http-client.ts';

/** One try to deliver an event, as it came. */
export interface Received {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly type: string;
  readonly data: Json;
  /** The status with which it was answered. */
  readonly status: number;
}

export class Receiver {
  /** What came, in this order. */
  readonly received: Received[] = [];
  /** Answers the next requests. */
  answer: (received: Omit<Received, 'status'>) => number | Promise<number> = () => 204;
  private server: Server;
  private port = 0;

  constructor() {
    this.server = this.create();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook?token=in-the-url`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Cuts all connections and listens no more, as if its process were killed. `start` brings it back on the same port. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    this.server = this.create();
  }

  /** What it has taken, i.e. answered with 2xx. */
  taken(type?: string): Received[] {
    return this.received.filter((one) => one.status < 300 && (type === undefined || one.type === type));
  }

  /** The events about this call. */
  about(callId: string): Received[] {
    return this.received.filter(({ data }) => data['call_id'] === callId);
  }

  private create(): Server {
    return createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { type, data } = JSON.parse(text) as { type: string; data: Json };
        const { headers } = request;
        const one = { id: String(headers['webhook-id']), headers, text, type, data };
        void Promise.resolve(this.answer(one)).then((status) => {
          this.received.push({ ...one, status });
          response.writeHead(status).end();
        });
      });
    });
  }
}

/** Throws unless one of the signatures is of this secret. */
export function verify({ text, headers }: Received, secret: string): void {
  new Webhook(secret).verify(text, headers as Record<string, string>);
}
