import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '../src/temporal-sdk/timestamps.ts';
import { ensureSearchAttributes } from '../src/platform/provision.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { searchAttributes } from '../src/workflows/search-attributes.ts';

const { retentionDays } = serverTable.namespace;
const alreadyExists = 6;
const usableMs = 60_000;
const pauseMs = 100;

/** The namespace and its search attributes, before several processes look for them at once. Throws `StartupError`. */
export async function prepareNamespace(
  address: string,
  name: string = serverTable.namespace.name,
): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService
      .registerNamespace({
        namespace: name,
        workflowExecutionRetentionPeriod: msToTs(retentionDays * 86_400_000),
      })
      .catch((error: unknown) => {
        const code: number = isGrpcServiceError(error) ? error.code : -1;
        if (code !== alreadyExists) throw error;
      });
    await untilKnown(connection, name);
    const names = Object.values(searchAttributes).map((attribute) => attribute.name);
    await ensureSearchAttributes(connection, name, names);
  } finally {
    await connection.close();
  }
}

/** The services learn of a new namespace a moment after it is made. */
async function untilKnown({ workflowService }: Connection, namespace: string): Promise<void> {
  const giveUpAt = Date.now() + usableMs;
  for (;;) {
    try {
      // Unlike a description, which comes from the database, a list needs what the services know.
      await workflowService.countWorkflowExecutions({ namespace });
      return;
    } catch (error) {
      if (Date.now() > giveUpAt)
        throw new StartupError(`The namespace ${namespace} was made but cannot be used`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
