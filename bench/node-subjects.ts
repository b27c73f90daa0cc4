/** The subjects that run on one node: calls of every kind, and reads. */
import { randomUUID } from 'node:crypto';
import { callWorkflowId } from '../src/domain/ids.ts';
import type { Histories } from './history-counts.ts';
import { call, get, patch, post, type Headers } from './http.ts';
import { runLanes } from './lanes.ts';
import { bootstrapKey, type Product } from './product.ts';
import { lookupSession, slowAgentMs, type RowName } from './row-names.ts';
import type { HistoryCounts, Subject } from './subject.ts';

export interface AgentPorts {
  readonly quick: number;
  readonly failing: number;
  readonly slow: number;
  /** The port of the agent that holds its requests until they are released. */
  readonly holding: number;
}

const lookupTurns = 10;

export async function prepareNode(
  { url }: Product,
  { quick, failing, slow, holding }: AgentPorts,
): Promise<void> {
  const host = '127.0.0.1';
  const fails = { host, port: failing, max_retries: 0 };
  const agents = [
    { name: 'quick', host, port: quick },
    { name: 'slow', host, port: slow },
    { name: 'holding', host, port: holding, timeout_seconds: 3_600 },
    { name: 'failing', ...fails, fallback_agents: ['quick'] },
    { name: 'one-failed', ...fails, fallback_agents: ['quick'] },
    { name: 'two-failed', ...fails, fallback_agents: ['failing'] },
  ];
  for (const agent of agents) await post(`${url}/api/vps/register`, agent);
  for (let turn = 0; turn < lookupTurns; turn++)
    await call(url, { agent_name: 'quick', session_id: lookupSession });
}

/**
 * Returns how the row `call-key` calls a node that needs keys: with a key of a project, both with limits that are never reached.
 * As with any other row, an agent answers at once.
 */
export async function prepareKey({ url }: Product, { quick }: AgentPorts) {
  const bootstrap = { authorization: `Bearer ${bootstrapKey}` };
  const project = 'bench';
  const limits = { requests_per_minute: 1_000_000, calls_in_flight: 10_000, calls_per_day: 10_000_000 };
  await post(`${url}/api/vps/register`, { name: 'quick', host: '127.0.0.1', port: quick }, bootstrap);
  await post(`${url}/api/vps/projects`, { name: project }, bootstrap);
  await patch(`${url}/api/vps/projects/${project}`, { limits }, bootstrap);
  const wish = { name: 'bench', project, scopes: ['call'], limits };
  const { key } = (await post(`${url}/api/vps/keys`, wish, bootstrap)) as { key: string };
  return { name: 'call-key', headers: { authorization: `Bearer ${key}` } } as const;
}

/** The agent that each kind of row asks. A row's kind is its name without `-regular`. */
const agentOf = {
  call: 'quick',
  session: 'quick',
  'failed-1': 'one-failed',
  'failed-2': 'two-failed',
  slow: 'slow',
};

type CallKind = keyof typeof agentOf;

/** After how long, at most, every session knows how its last call ended: the node tells it after 3 s without another call. */
export const toldAfterMs = 3_500;

export function callSubject(
  kind: CallKind,
  product: Product,
  histories: Histories,
  {
    name = kind,
    sessions = 'bench',
    headers = {},
  }: { name?: RowName; sessions?: string; headers?: Headers } = {},
): Subject {
  const agent_name = agentOf[kind];
  const inSession = (sessionId: string) => ({
    agent_name,
    ...(kind === 'session' && { session_id: sessionId }),
  });
  const count = async (): Promise<HistoryCounts> => {
    const sessionId = `bench-${randomUUID()}`;
    const once = () => call(product.url, inSession(sessionId), headers);
    const added =
      kind === 'session' ? await histories.addedToSession(sessionId, product.namespace, once) : undefined;
    const { call_id } = await once();
    const counts = await histories.of(callWorkflowId(call_id), product.namespace);
    return { ...counts, ...(added && { sessionEvents: added.events, sessionTasks: added.workflowTasks }) };
  };
  return {
    ...ofNode(product, name),
    run: (calls, parallel) =>
      runLanes((lane) => call(product.url, inSession(`${sessions}-${lane}`), headers), calls, parallel),
    count,
    ...(kind === 'slow' && { agentMs: slowAgentMs }),
    ...(kind === 'session' && { afterwards: { ms: toldAfterMs, isCost: false } }),
  };
}

/** Measures the repeat of a call that has ended, with the same Idempotency-Key and body. Each lane repeats a different call. */
export function repeatSubject(product: Product): Subject {
  const repeat = (lane: number) =>
    call(product.url, { agent_name: 'quick' }, { 'idempotency-key': `bench-repeat-${lane}` });
  return {
    ...ofNode(product, 'repeat'),
    run: (calls, parallel) => runLanes(repeat, calls, parallel),
  };
}

const reads = {
  'session-read': { path: `/api/vps/sessions/${lookupSession}`, route: '/api/vps/sessions/{id}' },
  'health-read': { path: '/api/vps/health/quick', route: '/api/vps/health/{agent}' },
  'agents-list': { path: '/api/vps/agents', route: '/api/vps/agents' },
  http: { path: '/healthz', route: '/healthz' },
  'calls-list': { path: '/api/vps/calls', route: '/api/vps/calls' },
} as const;

export function readSubject(
  name: keyof typeof reads,
  product: Product,
  path: string = reads[name].path,
): Subject {
  const { route } = reads[name];
  return {
    ...ofNode(product, name),
    run: (calls, parallel) => runLanes(() => get(product.url + path), calls, parallel),
    handler: { url: product.url, route },
  };
}

export function ofNode({ pid, server }: Product, name: RowName) {
  return { name, processes: { node: [pid], server: [server.pid] }, database: server.database };
}
