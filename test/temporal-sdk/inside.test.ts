/**
 * What src/temporal-sdk imports from inside the SDK's packages is not part of their public API: an upgrade may move or
 * change it. Then one of these tests fails.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker as Thread } from 'node:worker_threads';
import { isGrpcServiceError } from '@temporalio/client';
import { defaultFailureConverter, defaultPayloadConverter, NamespaceNotFoundError } from '@temporalio/common';
import proto from '@temporalio/proto';
import { DefaultLogger, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { historyFromJSON, historyToJSON } from '../../src/temporal-sdk/history-json.ts';
import { executionInfoFromRaw, rethrowKnownErrorTypes } from '../../src/temporal-sdk/raw-answers.ts';
import { ThreadedVMWorkflowCreator, WorkerThreadClient } from '../../src/temporal-sdk/threaded-workflows.ts';
import { msToTs, optionalTsToMs, tsToMs } from '../../src/temporal-sdk/timestamps.ts';
import { globalHandlers } from '../../src/temporal-sdk/workflow-thread.ts';

const { WorkflowExecutionInfo } = proto.temporal.api.workflow.v1;
const { NamespaceNotFoundFailure } = proto.temporal.api.errordetails.v1;

it('timestamps and durations are converted from and to milliseconds', () => {
  expect(tsToMs(msToTs(1_234_567))).toBe(1_234_567);
  expect(optionalTsToMs(msToTs('2 s'))).toBe(2_000);
  expect(optionalTsToMs(undefined)).toBeUndefined();
});

it('a history is read from its JSON and written as the same', () => {
  const file = new URL('../replay/histories/agent-directory.json', import.meta.url);
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const history = historyFromJSON(json);
  expect(history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name).toBe(
    'agentDirectory',
  );
  expect(historyFromJSON(JSON.parse(historyToJSON(history)))).toEqual(history);
});

it('a raw execution is decoded as the client decodes it', async () => {
  const raw = WorkflowExecutionInfo.decode(
    WorkflowExecutionInfo.encode({
      execution: { workflowId: 'call-1', runId: 'run-1' },
      type: { name: 'agentCall' },
      status: proto.temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
      startTime: msToTs(1_000),
      memo: {
        fields: {
          fingerprint: { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"f"') },
        },
      },
    }).finish(),
  );
  const converter = {
    payloadConverter: defaultPayloadConverter,
    failureConverter: defaultFailureConverter,
    payloadCodecs: [],
  };
  const info = await executionInfoFromRaw(raw, converter, raw, 'default');
  expect(info).toMatchObject({
    workflowId: 'call-1',
    runId: 'run-1',
    type: 'agentCall',
    status: { name: 'RUNNING' },
    memo: { fingerprint: 'f' },
  });
  expect(info.startTime).toEqual(new Date(1_000));
});

it('a missing namespace is told from the details of the gRPC error', () => {
  const value = NamespaceNotFoundFailure.encode({ namespace: 'absent' }).finish();
  const type_url = 'type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure';
  const status = proto.google.rpc.Status.encode({ code: 5, details: [{ type_url, value }] }).finish();
  const metadata = { get: (key: string) => (key === 'grpc-status-details-bin' ? [Buffer.from(status)] : []) };
  const error: unknown = Object.assign(new Error('not found'), { code: 5, details: '', metadata });
  if (!isGrpcServiceError(error)) throw new Error('The SDK does not take it for a gRPC error');
  expect(() => rethrowKnownErrorTypes(error)).toThrow(NamespaceNotFoundError);
});

it('the worker makes its workflow creator in a method that a subclass may replace', () => {
  expect(Worker).toHaveProperty('createWorkflowCreator', expect.any(Function));
  const creator = new ThreadedVMWorkflowCreator([]);
  expect(creator).toHaveProperty('createWorkflow', expect.any(Function));
  expect(creator).toHaveProperty('destroy', expect.any(Function));
});

it('the hook that keeps call stacks is a method of the global handlers', () => {
  expect(globalHandlers).toHaveProperty('setPromiseHook', expect.any(Function));
});

it("the thread's module answers the requests of a worker's client", async () => {
  const tsx = dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
  const loader = pathToFileURL(join(tsx, 'dist', 'esm', 'api', 'index.mjs')).href;
  const module = new URL('../../src/temporal-sdk/workflow-thread.ts', import.meta.url).href;
  const program = `import(${JSON.stringify(loader)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(module)});
  }).then(({ runWorkflowThread }) => runWorkflowThread());`;
  const thread = new Thread(program, { eval: true, execArgv: [] });
  onTestFinished(async () => {
    await thread.terminate();
  });
  const client = new WorkerThreadClient(thread, new DefaultLogger('ERROR', () => undefined));
  await expect(client.send({ type: 'dispose-workflow', runId: 'unknown' })).rejects.toThrow();
  await client.send({ type: 'destroy' });
});
