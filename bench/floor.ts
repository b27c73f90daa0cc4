/**
 * Measures the floors in a separate process: client and worker on one connection, one bare activity (regular or local), eager
 * start, no HTTP. The process measures its own calls, so that driving it costs nothing; the number of calls arrives by IPC. It
 * also measures, with the same clients, the direct call to the agent, an update of an entity, and the minimal RPCs of a session
 * read and of a repeated call.
 *
 * node floor.ts TEMPORAL_ADDRESS AGENT_URL [MOST_IN_FLIGHT]
 */
import { fileURLToPath } from 'node:url';
import { Client, type WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Agent, setGlobalDispatcher } from 'undici';
import { sessionWorkflowId } from '../src/domain/ids.ts';
import { ask } from './ask-activity.ts';
import type { bare, bareEntity, bareLocal } from './bare-workflow.ts';
import { runLanes, type Phase } from './lanes.ts';
import { lookupSession } from './row-names.ts';

const { HistoryEventFilterType } = proto.temporal.api.enums.v1;

interface Workflows {
  readonly bare: typeof bare;
  readonly bareLocal: typeof bareLocal;
}

export type Bare = keyof Workflows;

export type FloorRequest =
  | { readonly what: keyof typeof once; readonly count: number; readonly parallel: number }
  | { readonly what: 'one'; readonly of: Bare }
  /** Starts calls and does not wait for their ends. */
  | { readonly what: 'begin'; readonly agentUrl: string; readonly count: number; readonly parallel: number };

/** `workflowId` answers the request `one`, so that its history can be read. */
export type FloorReply = Phase | { readonly workflowId: string };

const [address = '', agentUrl = '', mostInFlight] = process.argv.slice(2);
const taskQueue = 'floor';
const namespace = 'default';

setGlobalDispatcher(new Agent({ connections: Number(mostInFlight ?? 128), headersTimeout: 0 }));
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('bare-workflow.ts', import.meta.url)),
  activities: { ask },
  ...(mostInFlight !== undefined && { maxConcurrentActivityTaskExecutions: Number(mostInFlight) }),
});
const running = worker.run();
const client = new Client({ connection });

const start = (name: Bare, url: string) => {
  const workflowId = `floor-${crypto.randomUUID()}`;
  const options = { taskQueue, workflowId, args: [url] as [string], requestEagerStart: true };
  return client.workflow.start<Workflows[Bare]>(name, options);
};
const execute = async (name: Bare): Promise<string> => {
  const handle = await start(name, agentUrl);
  await handle.result();
  return handle.workflowId;
};
const describe = (workflowId: string) =>
  client.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } });
/** Entities that take no update at this moment. */
const idleEntities: WorkflowHandle[] = [];
const update = async (): Promise<void> => {
  const entity =
    idleEntities.pop() ??
    (await client.workflow.start<typeof bareEntity>('bareEntity', {
      taskQueue,
      workflowId: `entity-${crypto.randomUUID()}`,
      args: [],
    }));
  await entity.executeUpdate<number, []>('count');
  idleEntities.push(entity);
};
/** The workflow that all repeats read. It is started once, before the first of them. */
let endedWorkflow: Promise<string> | undefined;
const once = {
  bare: () => execute('bare'),
  bareLocal: () => execute('bareLocal'),
  direct: () => ask(agentUrl),
  update,
  describe: () => describe(sessionWorkflowId(lookupSession)),
  repeatRpcs: async () => {
    const workflowId = await (endedWorkflow ??= execute('bare'));
    await describe(workflowId);
    await client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId },
      waitNewEvent: true,
      historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
    });
  },
};
const serve = async (asked: FloorRequest): Promise<FloorReply> => {
  if (asked.what === 'one') return { workflowId: await execute(asked.of) };
  const { what, count, parallel } = asked;
  const call = what === 'begin' ? () => start('bare', asked.agentUrl) : once[what];
  return runLanes(call, count, parallel);
};

process.on('message', (asked: FloorRequest) => {
  void serve(asked).then((reply) => process.send?.(reply));
});
// The parent has exited or wants this process to stop.
process.once('disconnect', () => worker.shutdown());
process.send?.('ready');
await running;
await connection.close();
process.exit(0);
