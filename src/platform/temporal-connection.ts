/** Connecting to Temporal: the server that the environment names, or the embedded one's address. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import type { Log } from './logging.ts';
import { StartupError } from './shutdown.ts';

type ConnectionOptions = NonNullable<Parameters<typeof NativeConnection.connect>[0]>;

export interface TemporalTarget {
  readonly options: ConnectionOptions;
  readonly namespace: string;
}

/**
 * From `TEMPORAL_*` variables or a profile of the Temporal config file; undefined when neither names a server. Throws
 * `StartupError` when they cannot be used.
 */
export function configuredTarget(): TemporalTarget | undefined {
  const { connectionOptions, namespace } = loadConfiguration();
  if (!connectionOptions.address) return undefined;
  return { options: connectionOptions, namespace: namespace ?? 'default' };
}

function loadConfiguration(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    throw new StartupError(
      `The TEMPORAL_* variables or the Temporal config file cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

let installed = false;

/** One native runtime per process. Signals are ours: a drain comes before the worker's stop. */
export function installRuntime(log: Log): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // A call whose agents all failed is a result, not an incident of this node.
      if (message === 'Workflow failed') return;
      const { error, ...temporal } = meta ?? {};
      log[level === 'ERROR' ? 'error' : 'warn']({ temporal, err: error as unknown }, message);
    }),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
  });
}

export async function connect({ options }: TemporalTarget): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new StartupError(
      `Temporal at ${options.address ?? 'its default address'} does not answer: check TEMPORAL_ADDRESS and, where the server wants TLS or a client certificate, the TEMPORAL_TLS_* variables or the profile; or unset it to use the embedded server`,
      { cause: error },
    );
  }
}
