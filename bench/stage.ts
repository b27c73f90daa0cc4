/** Starts the processes that the chosen rows need, and makes the subjects of the rows. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '../src/temporal-sdk/timestamps.ts';
import { Agent, setGlobalDispatcher } from 'undici';
import { startAgents } from './agent-process.ts';
import { Children } from './children.ts';
import type { Bare, FloorReply, FloorRequest } from './floor.ts';
import { Histories } from './history-counts.ts';
import { post } from './http.ts';
import { runLanes, type Phase } from './lanes.ts';
import { callSubject, prepareKey, prepareNode, readSubject, repeatSubject } from './node-subjects.ts';
import { holdingAgent } from './holding-agent.ts';
import { regularPath, startProduct, withKeys, type Product } from './product.ts';
import { queueSubject } from './queue.ts';
import { callsOf, type Plan } from './rounds.ts';
import type { RowName } from './row-names.ts';
import { startSpanReceiver } from './span-receiver.ts';
import { hotSessionSubject, thinkingSubject } from './session-subjects.ts';
import { startStockApp, startStockServer } from './stock.ts';
import type { Subject } from './subject.ts';
import { watch } from './watch.ts';

export interface Stage {
  readonly subjects: Subject[];
  /** The node, started with the defaults of `npm start`. */
  readonly product: Product;
  stop(): Promise<void>;
}

export async function startStage(rows: readonly RowName[], plan: Plan, folder: string): Promise<Stage> {
  const children = new Children();
  setGlobalDispatcher(new Agent({ connections: 128 }));
  try {
    return await start(rows, plan, folder, children);
  } catch (error) {
    await children.stop();
    throw error;
  }
}

async function start(
  rows: readonly RowName[],
  plan: Plan,
  folder: string,
  children: Children,
): Promise<Stage> {
  const agents = await startAgents(children);
  const agentUrl = `http://127.0.0.1:${agents.quick}/v1/messages`;
  const product = await startProduct(children, { dataDir: await inner(folder, 'node') });
  await prepareNode(product, agents);
  const histories = new Histories(product.temporalAddress);
  const subjects: Subject[] = [];
  const wants = (...names: RowName[]): boolean => rows.some((row) => names.includes(row));

  if (wants('direct', 'floor', 'local', 'repeat-rpcs', 'update', 'describe'))
    subjects.push(...(await floorSubjects(children, product, agentUrl, histories)));
  if (wants('stock')) {
    const server = await startStockServer(children, await inner(folder, 'stock'));
    subjects.push(await stockSubject('stock', children, server, agentUrl));
  }
  if (wants('stock-tuned')) {
    const server = { ...product.server, address: product.temporalAddress };
    subjects.push(await stockSubject('stock-tuned', children, server, agentUrl));
  }
  for (const kind of ['call', 'session', 'failed-1', 'failed-2', 'slow'] as const)
    subjects.push(callSubject(kind, product, histories));
  if (wants('call-key')) {
    const keyed = await startBeside(children, product, await inner(folder, 'keyed'), withKeys);
    subjects.push(callSubject('call', keyed, histories, await prepareKey(keyed, agents)));
  }
  if (wants('call-traced')) {
    const traced = await startBeside(
      children,
      product,
      await inner(folder, 'traced'),
      await startSpanReceiver(),
    );
    await prepareNode(traced, agents);
    subjects.push(callSubject('call', traced, histories, { name: 'call-traced' }));
  }
  if (wants('call-watched')) {
    const folderOf = await inner(folder, 'watched');
    const watched = await startBeside(children, product, folderOf, await startSpanReceiver());
    await prepareNode(watched, agents);
    await watch(watched);
    subjects.push(callSubject('call', watched, histories, { name: 'call-watched' }));
  }
  if (rows.some((row) => row.endsWith('-regular'))) {
    const regular = await startBeside(children, product, await inner(folder, 'regular'), regularPath);
    await prepareNode(regular, agents);
    for (const kind of ['call', 'session', 'failed-1', 'failed-2', 'slow'] as const)
      subjects.push(callSubject(kind, regular, histories, { name: `${kind}-regular` }));
  }
  const turnsOfRound = plan.concurrency.reduce((sum, parallel) => sum + callsOf({}, plan, parallel), 0);
  subjects.push(
    thinkingSubject(product, turnsOfRound),
    hotSessionSubject(product),
    queueSubject(product, holdingAgent(agents.holding)),
    repeatSubject(product),
  );
  for (const name of ['http', 'session-read', 'health-read', 'agents-list', 'calls-list'] as const)
    subjects.push(readSubject(name, product));
  return {
    subjects: rows.flatMap((row) => subjects.filter(({ name }) => name === row)),
    product,
    async stop() {
      await histories.close();
      await children.stop();
    },
  };
}

/** Starts another node on the same server but in a namespace of its own, so that the two share only the server. */
async function startBeside(
  children: Children,
  product: Product,
  dataDir: string,
  environment: Readonly<Record<string, string>>,
): Promise<Product> {
  const namespace = basename(dataDir);
  const connection = await Connection.connect({ address: product.temporalAddress });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('7 days'),
  });
  // The server's services know the namespace only after a moment.
  while (!(await isUsable(connection, namespace))) await pass(100);
  await connection.close();
  return startProduct(children, { dataDir, beside: { product, namespace }, environment });
}

async function isUsable(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.operatorService.listSearchAttributes({ namespace });
    await connection.workflowService.countWorkflowExecutions({ namespace });
    return true;
  } catch {
    return false;
  }
}

async function floorSubjects(
  children: Children,
  { temporalAddress, server }: Product,
  agentUrl: string,
  histories: Histories,
): Promise<Subject[]> {
  const { child, pid } = children.script('floor.ts', [temporalAddress, agentUrl], ['ignore', 2, 2, 'ipc']);
  await once(child, 'message');
  const ask = async (request: FloorRequest): Promise<FloorReply> => {
    const answered = once(child, 'message');
    child.send(request);
    const [reply] = (await answered) as [FloorReply];
    return reply;
  };
  const subject = (name: RowName, what: Exclude<FloorRequest['what'], 'one' | 'begin'>): Subject => ({
    name,
    async run(count, parallel) {
      return (await ask({ what, count, parallel })) as Phase;
    },
    processes: { node: [pid], server: [server.pid] },
  });
  const workflow = (name: RowName, of: Bare): Subject => ({
    ...subject(name, of),
    database: server.database,
    async count() {
      const { workflowId } = (await ask({ what: 'one', of })) as { workflowId: string };
      return histories.of(workflowId);
    },
  });
  return [
    { ...subject('direct', 'direct'), processes: { node: [pid], server: [] } },
    workflow('floor', 'bare'),
    workflow('local', 'bareLocal'),
    subject('repeat-rpcs', 'repeatRpcs'),
    subject('update', 'update'),
    subject('describe', 'describe'),
  ];
}

async function stockSubject(
  name: 'stock' | 'stock-tuned',
  children: Children,
  server: { readonly address: string; readonly pid: number; readonly database: string },
  agentUrl: string,
): Promise<Subject> {
  const { url, pids } = await startStockApp(children, server.address, agentUrl);
  return {
    name,
    run: (count, parallel) => runLanes(() => post(url, {}), count, parallel),
    processes: { node: pids, server: [server.pid] },
    database: server.database,
    async count() {
      const { workflow_id } = (await post(url, {})) as { workflow_id: string };
      const histories = new Histories(server.address);
      try {
        return await histories.of(workflow_id);
      } finally {
        await histories.close();
      }
    },
  };
}

async function inner(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  return path;
}
