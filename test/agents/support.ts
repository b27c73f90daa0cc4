import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { formatOf } from '../../src/agents/formats/formats.ts';
import { createHttpTransport, type HttpTransportOptions } from '../../src/agents/http/http-transport.ts';
import { AgentError, type AgentRequest, type AgentTransport } from '../../src/agents/transport.ts';
import type { AgentConfig } from '../../src/domain/agent.ts';
import { startAgent, type Script, type ScriptedAgent } from './scripted-agent.ts';

export const maxAnswerBytes = 10_000;

export function openTransport(options: Partial<HttpTransportOptions> = {}): AgentTransport {
  const defaults = {
    maxAnswerBytes,
    maxCompressionRatio: 200,
    connectTimeoutMs: 2_000,
    connectionsPerOrigin: 10,
  };
  const transport = createHttpTransport({ ...defaults, ...options }, formatOf);
  onTestFinished(() => transport.close());
  return transport;
}

export async function openAgent(script: Script): Promise<ScriptedAgent> {
  const agent = await startAgent(script);
  onTestFinished(() => agent.close());
  return agent;
}

/** A server of bare bytes: `serve` gets each connection once its first bytes have arrived. */
export async function openRawServer(serve: (socket: Socket) => void): Promise<Address> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => serve(socket));
  });
  return { ...(await listening(server)), sockets };
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
}

async function listening(server: Server): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** A port that nothing listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export function configOf(
  { host, port }: { host: string; port: number },
  more: Partial<AgentConfig> = {},
): AgentConfig {
  return {
    name: 'writer',
    host,
    port,
    protocol: 'http',
    path: '/v1/messages',
    timeoutMs: 5_000,
    maxRetries: 0,
    fallbackAgents: [],
    history: 'window',
    ...more,
  };
}

export function question(agent: AgentConfig, more: Partial<AgentRequest> = {}): AgentRequest {
  return {
    agent,
    token: undefined,
    messages: [{ role: 'user', content: 'hello' }],
    sessionId: undefined,
    idempotencyKey: 'call-1/writer',
    signal: new AbortController().signal,
    ...more,
  };
}

/** The `AgentError` that `work` ends with; anything else fails the test. */
export async function agentErrorOf(work: Promise<unknown>): Promise<AgentError> {
  const ending = await work.then(
    (value) => `resolved with ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
  if (ending instanceof AgentError) return ending;
  throw new Error('expected an AgentError', { cause: ending });
}

/** Asks a transport of its own. */
export function askOnce(
  agent: { host: string; port: number },
  more: Partial<AgentRequest> = {},
): Promise<string> {
  return openTransport().ask(question(configOf(agent), more));
}
