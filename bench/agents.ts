/** The agents that are asked: one answers at once, one after a while, one fails at once. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const slowMs = 1_500;

export async function startAgents() {
  const answer = '{"content":"hello"}';
  const json = { 'content-type': 'application/json' };
  const servers = {
    quick: createServer((incoming, response) => {
      incoming.resume().on('end', () => response.writeHead(200, json).end(answer));
    }),
    slow: createServer((incoming, response) => {
      incoming.resume().on('end', () => setTimeout(() => response.writeHead(200, json).end(answer), slowMs));
    }),
    failing: createServer((incoming, response) => {
      incoming.resume().on('end', () => response.writeHead(500).end('{}'));
    }),
  };
  return {
    quick: await listen(servers.quick),
    slow: await listen(servers.slow),
    failing: await listen(servers.failing),
    close() {
      for (const server of Object.values(servers)) server.close().closeAllConnections();
    },
  };
}

export type Agents = Awaited<ReturnType<typeof startAgents>>;

export const urlOf = (port: number): string => `http://127.0.0.1:${port}/v1/messages`;

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
