/** Prepares a namespace before the first call: adds search attributes, and sets the embedded server's retention. */
import { isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '../temporal-sdk/timestamps.ts';
import type { NativeConnection } from '@temporalio/worker';
import proto from '@temporalio/proto';
import { delay } from '../lib/delay.ts';
import { StartupError } from './startup-error.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;
/** How long added search attributes may take until they can be used. */
const visibleWithinMs = 15_000;
/** The gRPC status NOT_FOUND. */
const notFoundCode = 5;
/** The gRPC status INVALID_ARGUMENT. */
const invalidArgumentCode = 3;

/** Sets how long the namespace keeps ended workflows. */
export async function setRetention(
  { workflowService }: NativeConnection,
  namespace: string,
  days: number,
): Promise<void> {
  const { config } = await workflowService.describeNamespace({ namespace });
  const seconds = days * 86_400;
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) === seconds) return;
  await workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(seconds * 1_000) },
  });
}

/** Reads how long the namespace keeps ended workflows, in ms. Undefined if this process may not know that. */
export async function readRetentionMs(
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  namespace: string,
): Promise<number | undefined> {
  try {
    const { config } = await workflowService.describeNamespace({ namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000 || undefined;
  } catch (error) {
    if (isGrpcServiceError(error)) return undefined;
    throw error;
  }
}

type ServiceConnection = Pick<NativeConnection, 'operatorService' | 'workflowService'>;

/**
 * Registers missing search attributes of type Keyword and waits until the server accepts them. Throws `StartupError` if the
 * namespace does not exist or does not allow new search attributes.
 */
export async function ensureSearchAttributes(
  connection: ServiceConnection,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  if ((await firstMissingOf(connection, namespace, names)).length > 0)
    await addSearchAttributes(connection, namespace, names);
  // Another process may have added them a moment ago.
  const giveUpAt = Date.now() + visibleWithinMs;
  while (!(await areUsable(connection, namespace, names))) {
    if (Date.now() > giveUpAt)
      throw new StartupError(
        `The search attributes were added to the namespace ${namespace} but could not be used within ${visibleWithinMs / 1_000} s: start this node again`,
      );
    await delay(50);
  }
}

async function addSearchAttributes(
  connection: ServiceConnection,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    });
  } catch (error) {
    const missing = await missingSearchAttributes(connection, namespace, names);
    if (missing.length > 0)
      throw new StartupError(
        `The namespace ${namespace} lacks search attributes, and this node may not add them. Add them with:\n` +
          missing
            .map(
              (name) =>
                `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
            )
            .join('\n'),
        { cause: error },
      );
  }
}

/**
 * Whether a workflow may be started with these search attributes. The server lists them at once, but its frontend reads them
 * from a cache of namespaces that is refreshed every few seconds, and a query uses the same cache.
 */
async function areUsable(
  { workflowService }: ServiceConnection,
  namespace: string,
  names: readonly string[],
): Promise<boolean> {
  const query = names.map((name) => `\`${name}\` = 'any'`).join(' AND ');
  try {
    await workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    const code: number = isGrpcServiceError(error) ? error.code : -1;
    if (code === invalidArgumentCode) return false;
    throw error;
  }
}

async function firstMissingOf(...asked: Parameters<typeof missingSearchAttributes>): Promise<string[]> {
  try {
    return await missingSearchAttributes(...asked);
  } catch (error) {
    const code: number = isGrpcServiceError(error) ? error.code : -1;
    if (code !== notFoundCode) throw error;
    const [, namespace] = asked;
    throw new StartupError(
      `Temporal has no namespace ${namespace}: set TEMPORAL_NAMESPACE to an existing one, or create it with:\n` +
        `  temporal operator namespace create --namespace ${namespace} --retention 7d`,
      { cause: error },
    );
  }
}

/** Returns those of `names` that the namespace does not have. */
export async function missingSearchAttributes(
  { operatorService }: ServiceConnection,
  namespace: string,
  names: readonly string[],
): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return names.filter((name) => !Object.hasOwn(customAttributes, name));
}
