/** What is measured: each row is one way to ask, or to read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, setGlobalDispatcher } from 'undici';
import { slowMs, startAgents, urlOf, type Agents } from './agents.ts';
import { ask } from './ask-activity.ts';
import { Children } from './children.ts';
import {
  callAgent,
  read,
  registerAgents,
  serverOf,
  startProduct,
  type Product,
  type ProductServer,
} from './product.ts';
import { startStock } from './stock.ts';
import { inLanes, type Subject } from './subject.ts';

export const rows = {
  direct: 'direct to the agent',
  stock: 'stock Temporal app',
  floor: 'floor: one bare activity',
  call: 'call',
  regular: 'call by the activity',
  session: 'call in a session',
  oneFailed: 'call, one failed agent',
  twoFailed: 'call, two failed agents',
  slow: `call, agent of ${slowMs / 1_000} s`,
  slowRegular: `by the activity, agent of ${slowMs / 1_000} s`,
  repeat: 'repeat of an ended call',
  sessionRead: 'session read',
  healthRead: 'health read',
  agentsList: 'agents list',
  callsList: 'calls list',
} as const;

export interface Bench {
  readonly subjects: readonly Subject[];
  readonly product: Product;
  readonly server: ProductServer;
  readonly agents: Agents;
  stop(): Promise<void>;
}

/** `settings` are the product's. Rows that `wanted` does not name are left out, and what they alone need is not started. */
export async function startBench(
  wanted: (row: string) => boolean,
  settings: Readonly<Record<string, string>> = {},
): Promise<Bench> {
  setGlobalDispatcher(new Agent({ connections: 256 }));
  const children = new Children();
  const agents = await startAgents();
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const stop = async (): Promise<void> => {
    await children.stop();
    agents.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const product = await startProduct(children, { HOLDFAST_DATA_DIR: dataDir, ...settings });
    const server = serverOf(product, dataDir);
    await registerAgents(product, agents);
    const subjects: Subject[] = [
      { name: rows.direct, run: inLanes(() => ask(urlOf(agents.quick))), pids: [] },
      await startFloor(children, product, server, agents),
      ...(wanted(rows.stock) ? [await startStock(children, dataDir, agents)] : []),
      ...callsOf(product, server),
      ...(wanted(rows.regular) || wanted(rows.slowRegular)
        ? byTheActivity(await besides(children, product, dataDir), server)
        : []),
      ...(await readsOf(product, server)),
    ];
    return { subjects: subjects.filter(({ name }) => wanted(name)), product, server, agents, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startFloor(
  children: Children,
  { temporalAddress }: Product,
  server: ProductServer,
  { quick }: Agents,
): Promise<Subject> {
  const floor = await children.startDriven('floor-app.ts', [temporalAddress, urlOf(quick)]);
  return {
    name: rows.floor,
    run: async (count, parallel) => (await floor.tell({ count, parallel })) as number[],
    pids: [floor.pid],
    server,
    sample: async () => (await floor.tell('sample')) as string,
  };
}

function callsOf(product: Product, server: ProductServer): Subject[] {
  const row = (name: string, body: (lane: number) => object): Subject => ({
    name,
    run: inLanes((lane) => callAgent(product, body(lane))),
    sample: async () => `call-${await callAgent(product, body(0))}`,
    pids: [product.pid],
    server,
  });
  return [
    row(rows.call, () => ({ agent_name: 'quick' })),
    row(rows.session, (lane) => ({ agent_name: 'quick', session_id: `bench-${lane}` })),
    row(rows.oneFailed, () => ({ agent_name: 'one-failed' })),
    row(rows.twoFailed, () => ({ agent_name: 'two-failed' })),
    { ...row(rows.slow, () => ({ agent_name: 'slow' })), share: 0.1, agentMs: slowMs },
  ];
}

/** A second node on the same server and agents, with a task queue of its own, whose calls do not wait in their first task. */
function besides(children: Children, { temporalAddress }: Product, dataDir: string): Promise<Product> {
  return startProduct(children, {
    HOLDFAST_DATA_DIR: join(dataDir, 'besides'),
    HOLDFAST_TASK_QUEUE: 'besides',
    HOLDFAST_FIRST_TASK_WAIT_MS: '0',
    TEMPORAL_ADDRESS: temporalAddress,
  });
}

function byTheActivity(product: Product, server: ProductServer): Subject[] {
  const row = (name: string, agent: string): Subject => ({
    name,
    run: inLanes(() => callAgent(product, { agent_name: agent })),
    sample: async () => `call-${await callAgent(product, { agent_name: agent })}`,
    pids: [product.pid],
    server,
  });
  return [row(rows.regular, 'quick'), { ...row(rows.slowRegular, 'slow'), share: 0.1, agentMs: slowMs }];
}

async function readsOf(product: Product, server: ProductServer): Promise<Subject[]> {
  for (let turn = 0; turn < 10; turn++)
    await callAgent(product, { agent_name: 'quick', session_id: 'bench-read' });
  const key = { 'Idempotency-Key': 'bench-repeat' };
  await callAgent(product, { agent_name: 'quick' }, key);
  const row = (name: string, call: () => Promise<unknown>): Subject => ({
    name,
    run: inLanes(call),
    pids: [product.pid],
    server,
  });
  return [
    row(rows.repeat, () => callAgent(product, { agent_name: 'quick' }, key)),
    row(rows.sessionRead, () => read(product, '/api/vps/sessions/bench-read')),
    row(rows.healthRead, () => read(product, '/api/vps/health/quick')),
    row(rows.agentsList, () => read(product, '/api/vps/agents')),
    row(rows.callsList, () => read(product, '/api/vps/calls?limit=20')),
  ];
}
