/** Connects to Temporal. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import { workflowCallFields } from '../domain/call-fields.ts';
import type { Log } from './logging.ts';
import { temporalMetrics } from './temporal-metrics.ts';
import { StartupError } from './startup-error.ts';

type ConnectionOptions = NonNullable<Parameters<typeof NativeConnection.connect>[0]>;

/** Which Temporal server to connect to, and which namespace to use. */
export interface TemporalTarget {
  readonly options: ConnectionOptions;
  readonly namespace: string;
}

/**
 * Returns the server that the `TEMPORAL_*` variables or a profile of the Temporal config file name; undefined if neither names
 * one. Throws `StartupError` if they are invalid.
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

/**
 * Installs the SDK's native runtime, once per process. It handles no signals: this process drains before it stops workers. With
 * `metrics` the SDK counts what it does, for temporal-metrics.ts.
 */
export function installRuntime(log: Log, { metrics = false } = {}): void {
  if (installed) return;
  installed = true;
  if (metrics) temporalMetrics.start();
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      // A failed call is a normal result and not a problem of this node.
      if (message === 'Workflow failed') return;
      const { error, ...temporal } = meta ?? {};
      const call = workflowCallFields(temporal['workflowId'], temporal['callId']);
      log[level === 'ERROR' ? 'error' : 'warn']({ ...call, temporal, err: error as unknown }, message);
    }),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) },
      ...(metrics && { metrics: { buffer: temporalMetrics.buffer } }),
    },
  });
}

/** Connects to the server. Throws `StartupError` if it does not answer. */
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
