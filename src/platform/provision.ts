/** What a namespace must have before the first call: search attributes, and on the embedded server the retention. */
import { isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '../temporal-sdk/timestamps.ts';
import type { NativeConnection } from '@temporalio/worker';
import proto from '@temporalio/proto';
import { delay } from '../lib/delay.ts';
import { StartupError } from './startup-error.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;
const usableMs = 15_000;
const notFoundCode = 5;

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

type ServiceConnection = Pick<NativeConnection, 'operatorService' | 'workflowService'>;

/** Registers those that are missing, as keywords. Throws `StartupError` where it may not, or has no such namespace. */
export async function ensureSearchAttributes(
  connection: ServiceConnection,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  if ((await firstMissingOf(connection, namespace, names)).length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    });
  } catch (error) {
    const missing = await missingSearchAttributes(connection, namespace, names);
    if (missing.length > 0)
      throw new StartupError(
        `The namespace ${namespace} lacks search attributes and does not let us add them; have it done with:\n` +
          missing
            .map(
              (name) =>
                `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
            )
            .join('\n'),
        { cause: error },
      );
  }
  const giveUpAt = Date.now() + usableMs;
  while ((await missingSearchAttributes(connection, namespace, names)).length > 0) {
    await delay(50);
    if (Date.now() > giveUpAt) throw new StartupError('The search attributes were added but do not appear');
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
      `Temporal has no namespace ${namespace}: set TEMPORAL_NAMESPACE to one that it has, or make it with:\n` +
        `  temporal operator namespace create --namespace ${namespace} --retention 7d`,
      { cause: error },
    );
  }
}

/** Of `names` those that the namespace does not have. */
export async function missingSearchAttributes(
  { operatorService }: ServiceConnection,
  namespace: string,
  names: readonly string[],
): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return names.filter((name) => !Object.hasOwn(customAttributes, name));
}
