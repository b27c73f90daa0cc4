import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { firstLineOf } from '../src/platform/embedded/first-line.ts';
import { withoutProxy } from '../src/platform/embedded/until-ready.ts';
import { ensureSearchAttributes } from '../src/platform/provision.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/shutdown.ts';
import { searchAttributes } from '../src/workflows/search-attributes.ts';

const { retentionDays } = serverTable.namespace;
const alreadyExists = 6;
const connectMs = 10_000;
const prepareMs = 60_000;
const pauseMs = 100;

/**
 * Makes the namespace and its search attributes, before several processes look for them at once. Throws `StartupError`,
 * or the reason of `signal`.
 */
export async function prepareNamespace(
  address: string,
  name: string = serverTable.namespace.name,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
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
      `The namespace ${name} could not be made on Temporal's server at ${address}: ${firstLineOf(error)}`,
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

/** The services learn of a new namespace a moment after it is made. */
async function untilUsable(
  { workflowService }: Connection,
  namespace: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      // Unlike a description, which comes from the database, a list needs what the services know.
      await workflowService.countWorkflowExecutions({ namespace });
      return;
    } catch (error) {
      if (signal.aborted || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
