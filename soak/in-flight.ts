/** Starts many calls to an agent that never answers, and checks that the node stays responsive and its memory bounded. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { figures } from '../bench/stats.ts';
import { rssMiB } from './samples.ts';
import { limited, type Verdict } from './verdict.ts';

const lanes = 16;
/** How many times /healthz is requested once all calls are in flight. */
const healthReads = 300;

export async function judgeInFlight(url: string, nodePid: number, calls: number): Promise<Verdict[]> {
  const asked = { count: 0 };
  const agent = createServer((request) => {
    request.resume();
    asked.count += 1;
  });
  agent.listen(0, '127.0.0.1');
  await once(agent, 'listening');
  const { port } = agent.address() as AddressInfo;
  await post(`${url}/api/vps/register`, { name: 'slow', host: '127.0.0.1', port, timeout_seconds: 60 });

  const latencies: number[] = [];
  const look = async (): Promise<void> => {
    const askedAt = performance.now();
    await (await fetch(`${url}/healthz`)).text();
    latencies.push(performance.now() - askedAt);
    await pass(20);
  };
  let left = calls;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const body = { agent_name: 'slow', prompt: 'take your time', deadline_seconds: 90 };
      await post(`${url}/api/vps/call`, body, { Prefer: 'respond-async' });
    }
  };
  const progress = { starting: true };
  const started = Promise.all(Array.from({ length: lanes }, lane)).then(() => (progress.starting = false));
  while (progress.starting || asked.count < calls) await look();
  await started;
  const whileStarting = latencies.splice(0);
  while (latencies.length < healthReads) await look();
  const memory = await rssMiB(nodePid);
  agent.close().closeAllConnections();
  return [
    limited(`p99 of /healthz while ${calls} calls start, ms`, figures(whileStarting).p99, 250),
    limited(`p99 of /healthz with ${calls} calls in flight, ms`, figures(latencies).p99, 250),
    limited(`memory of the node with ${calls} calls in flight, MiB`, memory, 700),
  ];
}

async function post(url: string, body: object, headers: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  await answer.text();
}
