/**
 * An incoming webhook as Slack has it (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): it takes a
 * POST of JSON with a `text`, and answers with 200 and "ok", or with a status and the name of an error in plain text.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ChatAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Chat {
  /** The texts of messages that were taken. */
  readonly messages: string[] = [];
  /** How many requests came. */
  tries = 0;
  /** Answers requests while it is set, such as `{ status: 410, body: 'channel_is_archived' }`. */
  refusal: ChatAnswer | undefined;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      void text(request).then((body) => {
        this.tries += 1;
        const { status, body: answer, headers = {} } = this.refusal ?? this.take(request.headers, body);
        response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(answer);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/services/T000/B000/secret-of-the-chat`;
  }

  async start(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private take(headers: { readonly 'content-type'?: string | undefined }, body: string): ChatAnswer {
    if (headers['content-type'] !== 'application/json') return { status: 400, body: 'invalid_payload' };
    const { text: message } = JSON.parse(body) as { text?: unknown };
    if (typeof message !== 'string' || message === '') return { status: 400, body: 'no_text' };
    this.messages.push(message);
    return { status: 200, body: 'ok' };
  }
}
