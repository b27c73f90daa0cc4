/** Sends calls one after the other and splits the time of each into spans. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { callWorkflowId } from '../../src/domain/ids.ts';
import { call, post } from '../http.ts';
import type { Product } from '../product.ts';
import { figures } from '../stats.ts';
import { spansOf, type Span } from './milestones.ts';

const now = (): number => performance.timeOrigin + performance.now();

/**
 * Starts two agents: one answers at once, the other fails at once. Both record when they were last asked and when they
 * answered.
 */
export async function startWatchedAgents() {
  const last = { askedAt: 0, answeredAt: 0 };
  const quick = createServer((request, response) => {
    last.askedAt = now();
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json').end('{"content":"hello"}');
      last.answeredAt = now();
    });
  });
  const failing = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(500).end('{}'));
  });
  const servers = [quick, failing];
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const port = (server: typeof quick): number => (server.address() as AddressInfo).port;
  return {
    last,
    async register({ url }: Pick<Product, 'url'>): Promise<void> {
      const agents = [
        { name: 'quick', port: port(quick) },
        { name: 'one-failed', port: port(failing), max_retries: 0, fallback_agents: ['quick'] },
      ];
      for (const agent of agents) await post(`${url}/api/vps/register`, { host: '127.0.0.1', ...agent });
    },
    close(): void {
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}

export type WatchedAgents = Awaited<ReturnType<typeof startWatchedAgents>>;

/** Returns the median of each span over `count` calls. The sum of the medians is not exactly the median of the whole call. */
export async function takeApart(
  { url, temporalAddress }: Pick<Product, 'url' | 'temporalAddress'>,
  { last }: WatchedAgents,
  body: { agent_name: string; session_id?: string },
  count: number,
): Promise<Span[]> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const { workflow } = new Client({ connection });
    const byName = new Map<Span['what'], number[]>();
    for (let index = 0; index < count; index++) {
      const sentAt = now();
      const { call_id } = await call(url, body);
      const seen = { sentAt, ...last, receivedAt: now() };
      const { events } = await workflow.getHandle(callWorkflowId(call_id)).fetchHistory();
      for (const { what, ms } of spansOf(seen, events ?? []))
        byName.set(what, [...(byName.get(what) ?? []), ms]);
    }
    return [...byName].map(([what, all]) => ({ what, ms: figures(all).p50 }));
  } finally {
    await connection.close();
  }
}
