import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ResolveAll } from '../../src/agents/http/guarded-lookup.ts';
import { parseAllowList } from '../../src/receivers/allow-list.ts';
import { newWebhookSecret } from '../../src/receivers/secrets.ts';
import {
  Sender,
  type OutgoingEvent,
  type SenderOptions,
  type SendResult,
} from '../../src/receivers/send-event.ts';
import type { TargetRules } from '../../src/receivers/target.ts';
import { readText } from '../agents/scripted-http.ts';

export const closedRules: TargetRules = { allow: [], allowsLoopback: false, refusedPorts: [] };
export const onLoopback: TargetRules = { ...closedRules, allowsLoopback: true };
export const allowing = (list: string, more: Partial<TargetRules> = {}): TargetRules => ({
  ...closedRules,
  allow: parseAllowList(list),
  ...more,
});

/** A resolver that knows these names alone. */
export function resolving(names: Readonly<Record<string, readonly string[]>>): ResolveAll {
  return (hostname, _options, callback) => {
    const addresses = names[hostname];
    if (!addresses) callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
}

export function openSender(options: Partial<SenderOptions> = {}): Sender {
  const sender = new Sender({ rules: onLoopback, timeoutMs: 5_000, version: '1.2.3', ...options });
  onTestFinished(() => sender.close());
  return sender;
}

export const secret = newWebhookSecret();

export function eventTo(url: string, more: Partial<OutgoingEvent> = {}): OutgoingEvent {
  const timestamp = Math.floor(Date.now() / 1_000);
  return { url, secrets: [secret], id: 'evt_1', timestamp, body: '{"type":"call.completed"}', ...more };
}

/** Sends one event with a sender of its own. */
export function sendOnce(url: string, options: Partial<SenderOptions> = {}): Promise<SendResult> {
  return openSender(options).send(eventTo(url), new AbortController().signal);
}

export interface Received {
  readonly path: string | undefined;
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly socket: Socket;
}

/** A receiver that keeps what it got. `answer` decides after the whole request has come. Default: 204. */
export async function openReceiver(
  answer: RequestListener = (_request, response) => void response.writeHead(204).end(),
): Promise<{ readonly url: string; readonly port: number; readonly received: readonly Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const { url: path, method, headers, socket } = request;
    void readText(request).then((body) => {
      received.push({ path, method, headers, body, socket });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hooks/crm?tenant=private-42`, port, received };
}
