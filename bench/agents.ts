/**
 * Runs the agents of the benchmark in a separate process: one answers at once, one fails at once, one is slow, and one holds
 * its requests until they are released. Prints their ports.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { slowAgentMs } from './row-names.ts';

const answer = (response: ServerResponse, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end('{"content":"hello"}');
};
const agent =
  (status: number, afterMs: number): RequestListener =>
  (incoming, response) => {
    incoming.resume().on('end', () => {
      if (afterMs === 0) answer(response, status);
      else setTimeout(answer, afterMs, response, status);
    });
  };

const held = new Set<ServerResponse>();
/** Holds every request, except for two paths: `/held` returns how many it holds, `/release` answers all of them. */
const holding: RequestListener = (incoming, response) => {
  incoming.resume().on('end', () => {
    if (incoming.url === '/held') response.end(String(held.size));
    else if (incoming.url === '/release') {
      for (const one of held) answer(one);
      held.clear();
      response.end();
    } else held.add(response);
  });
};

const ports: number[] = [];
for (const listener of [agent(200, 0), agent(500, 0), agent(200, slowAgentMs), holding]) {
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, listener);
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  ports.push((server.address() as AddressInfo).port);
}
console.log(`agents ${ports.join(' ')}`);
