import { setMaxListeners } from 'node:events';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { firstLineOf } from '../src/platform/embedded/first-line.ts';
import { withoutProxy } from '../src/platform/embedded/until-ready.ts';
import { msToTs } from '../src/temporal-sdk/timestamps.ts';
import { ensureSearchAttributes } from '../src/platform/provision.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { searchAttributes } from '../src/workflows/search-attributes.ts';

const { retentionDays } = serverTable.namespace;
const alreadyExists = 6;
const connectMs = 10_000;
const prepareMs = 60_000;
const pauseMs = 100;

/**
 * Creates the namespace and its search attributes before several processes need them at the same time. Throws `StartupError` if
 * that fails, or the abort reason of `stop`.
 */
export async function prepareNamespace(
  address: string,
  name: string = serverTable.namespace.name,
  stop: AbortSignal = new AbortController().signal,
): Promise<void> {
  const signal = AbortSignal.any([stop]);
  setMaxListeners(0, signal); // The SDK adds a listener for each RPC.
  const deadline = Date.now() + prepareMs;
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: connectMs, channelArgs: withoutProxy });
    const connected = connection;
    await connected.withAbortSignal(signal, () =>
      connected.withDeadline(deadline, () => prepare(connected, name, deadline, signal)),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StartupError) throw error;
    throw new StartupError(
      `The namespace ${name} could not be created on Temporal's server at ${address}: ${firstLineOf(error)}`,
      { cause: error },
    );
  } finally {
    await connection?.close();
  }
}

async function prepare(
  connection: Connection,
  namespace: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  await connection.workflowService
    .registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(retentionDays * 86_400_000),
    })
    .catch((error: unknown) => {
      const code: number = isGrpcServiceError(error) ? error.code : -1;
      if (code !== alreadyExists) throw error;
    });
  await untilUsable(connection, namespace, deadline, signal);
  const names = Object.values(searchAttributes).map((attribute) => attribute.name);
  await ensureSearchAttributes(connection, namespace, names);
}

/** Waits until all services of the server know the new namespace, which takes a moment after its creation. */
async function untilUsable(
  { workflowService }: Connection,
  namespace: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      // A count needs the services' cache of namespaces. A description would not, since it comes from the database.
      await workflowService.countWorkflowExecutions({ namespace });
      return;
    } catch (error) {
      if (signal.aborted || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
