/** Starts calls at a constant rate: a third without a session, a third in short-lived sessions, a third that fail over. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** The load deletes a session after this many turns and continues in a new one. */
const turnsPerSession = 50;

export interface Load {
  /** Returns the durations, in ms, of the calls that ended since the previous call of this function. */
  takeDurations(): number[];
  totals(): { calls: number; failed: number };
  stop(): Promise<void>;
}

export async function startLoad(url: string, perSecond: number): Promise<Load> {
  const dispatcher = new Agent({ connections: 64 });
  const agents = await startAgents();
  const send = async (method: 'POST' | 'DELETE', path: string, body?: object) => {
    const answer = await request(url + path, {
      method,
      dispatcher,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      body: text === '' ? undefined : (JSON.parse(text) as { success?: boolean }),
    };
  };
  const host = '127.0.0.1';
  await send('POST', '/api/vps/register', { name: 'quick', host, port: agents.quickPort });
  await send('POST', '/api/vps/register', {
    name: 'failing',
    host,
    port: agents.failingPort,
    max_retries: 0,
    fallback_agents: ['quick'],
  });

  let durations: number[] = [];
  const totals = { calls: 0, failed: 0 };
  const under = new Set<Promise<void>>();
  const state = { stopping: false };
  const callOnce = async (index: number): Promise<void> => {
    const session = `soak-${Math.floor(index / (3 * turnsPerSession))}`;
    const inSession = index % 3 === 1;
    const startedAt = performance.now();
    const { body } = await send('POST', '/api/vps/call', {
      agent_name: index % 3 === 2 ? 'failing' : 'quick',
      prompt: `call ${index}`,
      ...(inSession && { session_id: session }),
    });
    durations.push(performance.now() - startedAt);
    totals.calls += 1;
    if (body?.success !== true) totals.failed += 1;
    const isLast =
      Math.floor((index + 3) / (3 * turnsPerSession)) > Math.floor(index / (3 * turnsPerSession));
    if (inSession && isLast) await send('DELETE', `/api/vps/sessions/${session}`);
  };
  const loop = async (): Promise<void> => {
    const startedAt = performance.now();
    for (let index = 0; !state.stopping; index++) {
      await pass(Math.max(0, startedAt + (index * 1_000) / perSecond - performance.now()));
      const call = callOnce(index)
        .catch(() => void (totals.failed += 1))
        .finally(() => under.delete(call));
      under.add(call);
    }
  };
  const running = loop();
  return {
    takeDurations() {
      const taken = durations;
      durations = [];
      return taken;
    },
    totals: () => totals,
    async stop() {
      state.stopping = true;
      await running;
      await Promise.all(under);
      await dispatcher.close();
      agents.close();
    },
  };
}

async function startAgents() {
  const servers = [200, 500].map((status) =>
    createServer((incoming, response) => {
      incoming.resume().on('end', () => {
        response.writeHead(status, { 'content-type': 'application/json' }).end('{"content":"hello"}');
      });
    }),
  );
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  return {
    quickPort: ports[0] ?? 0,
    failingPort: ports[1] ?? 0,
    close: () => {
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}
