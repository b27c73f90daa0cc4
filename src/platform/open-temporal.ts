/** Temporal for this process: the server that the environment names, or an embedded one that ends with us. */
import type { NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';
import type { Log } from './logging.ts';
import type { Cleanups } from './shutdown.ts';
import { configuredTarget, connect, installRuntime } from './temporal-connection.ts';

export interface OpenTemporal {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Of the embedded server. */
  readonly uiUrl: string | undefined;
  /** Resolves with the reason when the server is lost for good. */
  readonly lost: Promise<string>;
}

export async function openTemporal(
  config: Config,
  log: Log,
  cleanups: Cleanups,
  searchAttributes: readonly { readonly name: string }[],
): Promise<OpenTemporal> {
  installRuntime(log);
  const target = configuredTarget();
  if (!target) throw new Error('todo');
  const connection = await connect(target);
  cleanups.add('connection to Temporal', () => connection.close());
  return { connection, namespace: target.namespace, uiUrl: undefined, lost: new Promise(() => undefined) };
}
