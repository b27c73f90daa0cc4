import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { get, post } from './http.ts';
import type { Product } from './product.ts';

/** Prometheus reads its targets once a minute by default; many installations set 15 s. */
const scrapeMs = 15_000;

/** Has a webhook with content told of every ending of a node, and reads the node's metrics as Prometheus does. */
export async function watch({ url }: Product): Promise<void> {
  const receiver = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end());
  });
  receiver.listen(0, '127.0.0.1').unref();
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const events = ['call.completed', 'call.failed', 'call.cancelled'];
  await post(`${url}/api/vps/webhooks`, {
    name: 'bench',
    url: `http://127.0.0.1:${port}/`,
    events,
    include_content: true,
  });
  // The node ends before the benchmark does; a scrape that then fails is not of interest.
  setInterval(() => void get(`${url}/metrics`).catch(() => undefined), scrapeMs).unref();
}
