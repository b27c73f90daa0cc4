/** The agents, a process of their own: one answers at once, one fails at once, one takes its time. Prints their ports. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { slowAgentMs } from './row-names.ts';

const agent = (status: number, afterMs: number): Server =>
  createServer((incoming, response) => {
    const answer = (): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"content":"hello"}');
    };
    incoming.resume().on('end', () => {
      if (afterMs === 0) answer();
      else setTimeout(answer, afterMs);
    });
  });

const ports: number[] = [];
for (const server of [agent(200, 0), agent(500, 0), agent(200, slowAgentMs)]) {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', 1_024);
  await once(server, 'listening');
  ports.push((server.address() as AddressInfo).port);
}
console.log(`agents ${ports.join(' ')}`);
