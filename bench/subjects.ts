/** What is measured: each subject is one way to ask the same quick agent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent, request, setGlobalDispatcher } from 'undici';
import { findTemporalCli } from '../src/platform/embedded/find-cli.ts';
import { claimPort } from '../src/platform/embedded/ports.ts';
import { binariesDir, packageRoot } from '../src/platform/paths.ts';
import { ask } from './ask-activity.ts';
import type { bare } from './bare-workflow.ts';

export interface Subject {
  readonly name: string;
  /** `lane`: 0 in sequence; calls of one lane do not overlap. */
  readonly call: (lane: number) => Promise<unknown>;
}

export async function startSubjects(): Promise<{ subjects: Subject[]; stop: () => Promise<void> }> {
  const children: ChildProcess[] = [];
  setGlobalDispatcher(new Agent({ connections: 128 }));
  const agents = await startAgents();
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const node = await startNode(dataDir, children);
  const floor = await startFloor(node.temporalAddress);
  const tunedStockUrl = await startStock(node.temporalAddress, agents.quickUrl, children);
  const stockAddress = await startStockServer(dataDir, children);
  const stockUrl = await startStock(stockAddress, agents.quickUrl, children);
  const { callWith, get } = await register(node.url, agents);
  const subjects: Subject[] = [
    { name: 'direct call to the agent', call: () => ask(agents.quickUrl) },
    { name: 'stock Temporal app, server and all', call: () => post(stockUrl, {}) },
    { name: 'stock Temporal app on our server', call: () => post(tunedStockUrl, {}) },
    { name: 'bare eager activity', call: () => floor.execute(agents.quickUrl) },
    { name: 'call', call: () => callWith('quick') },
    { name: 'call in a session', call: (lane) => callWith('quick', `bench-${lane}`) },
    { name: 'call after one failed agent', call: () => callWith('one-failed') },
    { name: 'call after two failed agents', call: () => callWith('two-failed') },
    { name: 'session lookup', call: () => get('/api/vps/sessions/bench-lookup') },
    { name: 'health check', call: () => get('/api/vps/health/quick') },
  ];
  return {
    subjects,
    async stop() {
      await floor.stop();
      for (const child of children.reverse()) {
        child.kill('SIGTERM');
        if (child.exitCode === null) await once(child, 'exit');
      }
      agents.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function startAgents() {
  const quick = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.setHeader('content-type', 'application/json').end('{"content":"hello"}');
    });
  });
  const failing = createServer((incoming, response) => {
    incoming.resume().on('end', () => response.writeHead(500).end('{}'));
  });
  const ports = [];
  for (const server of [quick, failing]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  const [quickPort = 0, failingPort = 0] = ports;
  return {
    quickPort,
    failingPort,
    quickUrl: `http://127.0.0.1:${quickPort}/v1/messages`,
    close: () => {
      for (const server of [quick, failing]) server.close().closeAllConnections();
    },
  };
}

/** The product as `npm start` runs it; the breaker off, so that failing agents are asked each time. */
async function startNode(dataDir: string, children: ChildProcess[]) {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/src/api/server.js')], {
    env: {
      ...process.env,
      HOLDFAST_DATA_DIR: dataDir,
      HOLDFAST_PORT: '0',
      HOLDFAST_TEMPORAL_PORT: '0',
      HOLDFAST_TEMPORAL_UI_PORT: '0',
      HOLDFAST_LOG_LEVEL: 'warn',
      HOLDFAST_CIRCUIT_BREAKER: 'off',
    },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  children.push(child);
  let url = '';
  for await (const line of createInterface({ input: child.stderr })) {
    url ||= /API +(http:\S+)\/api/.exec(line)?.[1] ?? '';
    const temporalAddress = /Temporal +(\S+)/.exec(line)?.[1];
    if (temporalAddress !== undefined) {
      child.stderr.resume();
      return { url, temporalAddress };
    }
  }
  throw new Error('The node did not start');
}

async function startFloor(address: string) {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const connection = await NativeConnection.connect({ address });
  const taskQueue = 'floor';
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
    activities: { ask },
  });
  const running = worker.run();
  const client = new Client({ connection });
  return {
    execute: (agentUrl: string) =>
      client.workflow.execute<typeof bare>('bare', {
        taskQueue,
        workflowId: `floor-${crypto.randomUUID()}`,
        args: [agentUrl],
        requestEagerStart: true,
      }),
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

/** The dev server as its documentation starts it, on a file. */
async function startStockServer(dataDir: string, children: ChildProcess[]): Promise<string> {
  const cli = await findTemporalCli({ configured: process.env['HOLDFAST_TEMPORAL_CLI'], binariesDir });
  const port = await claimPort(0, '');
  const database = join(dataDir, 'stock.db');
  const args = ['server', 'start-dev', '--headless', '--port', String(port), '--db-filename', database];
  children.push(spawn(cli, args, { stdio: 'ignore' }));
  const address = `127.0.0.1:${port}`;
  const connection = Connection.lazy({ address });
  for (;;) {
    try {
      await connection.withDeadline(Date.now() + 60_000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
      await connection.close();
      return address;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function startStock(address: string, agentUrl: string, children: ChildProcess[]): Promise<string> {
  const start = async (role: string): Promise<string> => {
    const script = fileURLToPath(new URL('stock-app.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, role, address, agentUrl], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout }))
      if (line === 'ready' || line.startsWith('http')) return line;
    throw new Error(`The stock ${role} did not start`);
  };
  await start('worker');
  return start('app');
}

async function register(url: string, { quickPort, failingPort }: { quickPort: number; failingPort: number }) {
  const host = '127.0.0.1';
  const failing = { host, port: failingPort, max_retries: 0 };
  const agents = [
    { name: 'quick', host, port: quickPort },
    { name: 'failing', ...failing, fallback_agents: ['quick'] },
    { name: 'one-failed', ...failing, fallback_agents: ['quick'] },
    { name: 'two-failed', ...failing, fallback_agents: ['failing'] },
  ];
  for (const agent of agents) await post(`${url}/api/vps/register`, agent);
  const callWith = async (agent_name: string, session_id?: string): Promise<void> => {
    const { success } = (await post(`${url}/api/vps/call`, { agent_name, prompt: 'hello', session_id })) as {
      success: boolean;
    };
    if (!success) throw new Error(`The call of ${agent_name} failed`);
  };
  for (let turn = 0; turn < 10; turn++) await callWith('quick', 'bench-lookup');
  const get = async (path: string): Promise<void> => {
    const { body, statusCode } = await request(url + path);
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
    await body.text();
  };
  return { callWith, get };
}

async function post(url: string, body: unknown): Promise<unknown> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${await answer.body.text()}`);
  return answer.body.json();
}
