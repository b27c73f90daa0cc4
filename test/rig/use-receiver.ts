/** A receiver of webhooks for a test file, over real HTTP: it keeps what it gets, by path, and answers as told. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';

/** A request that has arrived. */
export interface ReceivedEvent {
  /** The header `webhook-id`. */
  readonly id: string;
  readonly body: { readonly type?: string; readonly data?: unknown };
}

export interface ReceiverInUse {
  url(path: string): string;
  /** What was sent to the path, in the order of arrival, whatever the answer was. */
  got(path: string): readonly ReceivedEvent[];
  /** Sets the status of answers at the path. Default: 200. */
  answer(path: string, status: number): void;
}

export function useReceiver(): ReceiverInUse {
  const received = new Map<string, ReceivedEvent[]>();
  const statuses = new Map<string, number>();
  const at = (path: string): ReceivedEvent[] => {
    const events = received.get(path) ?? [];
    received.set(path, events);
    return events;
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').slice(1);
    void text(request).then((body) => {
      const id = String(request.headers['webhook-id']);
      at(path).push({ id, body: JSON.parse(body) as ReceivedEvent['body'] });
      response.writeHead(statuses.get(path) ?? 200).end();
    });
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: (path) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`,
    got: at,
    answer: (path, status) => void statuses.set(path, status),
  };
}
