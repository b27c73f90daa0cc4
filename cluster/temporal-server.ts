/** Plans Temporal's full server: its four services in one process, configured by its built-in template. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { firstLineOf } from '../src/platform/embedded/first-line.ts';
import { withoutProxy } from '../src/platform/embedded/until-ready.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { temporalPorts } from './claim-ports.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { localhost } from './free-ports.ts';
import type { State } from './open-state.ts';
import type { ClusterProcessPlan } from './cluster-process.ts';
import { postgresUser } from './postgres.ts';

const connectTimeoutMs = 2_000;
const defaultDynamicConfig = join(packageRoot, 'deploy', 'temporal-dynamic-config.yaml');

export const temporalAddress = ({ ports }: Pick<State, 'ports'>): string =>
  `${localhost}:${ports['FRONTEND_GRPC_PORT']}`;

/**
 * Returns the environment variables that the server's configuration template reads. The template takes the port of the
 * visibility database from a separate variable.
 */
export function serverEnvironment(
  { ports, postgresPassword, shards }: State,
  dynamicConfig = defaultDynamicConfig,
): Record<string, string> {
  const servicePorts = temporalPorts.map((name) => [name, String(ports[name])]);
  const postgres = String(ports['postgres']);
  return {
    ...serverTable.serverEnvironment,
    NUM_HISTORY_SHARDS: String(shards),
    POSTGRES_SEEDS: localhost,
    DB_PORT: postgres,
    VISIBILITY_DB_PORT: postgres,
    POSTGRES_USER: postgresUser,
    POSTGRES_PWD: postgresPassword,
    BIND_ON_IP: localhost,
    TEMPORAL_BROADCAST_ADDRESS: localhost,
    DYNAMIC_CONFIG_FILE_PATH: dynamicConfig,
    ...(Object.fromEntries(servicePorts) as Record<string, string>),
  };
}

export function serverPlan(
  { server }: ServerBinaries,
  state: State,
  dynamicConfig = defaultDynamicConfig,
): Omit<ClusterProcessPlan, 'logFolder'> {
  return {
    name: 'temporal',
    command: [server, '--allow-no-auth', 'start'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...serverEnvironment(state, dynamicConfig) },
    listens: { host: localhost, port: state.ports['FRONTEND_GRPC_PORT'] ?? 0 },
    stopMs: 20_000,
    isReady: async () => (await problemAt(temporalAddress(state))) === undefined,
    whyNotReady: async () => ({
      reason: (await problemAt(temporalAddress(state))) ?? 'it has just become ready',
    }),
  };
}

/** Creates both databases, or upgrades their schemas. Throws `StartupError` if that fails, or the abort reason of `signal`. */
export async function updateSchema(
  { sqlTool }: ServerBinaries,
  state: State,
  signal: AbortSignal,
): Promise<void> {
  const env = {
    SQL_PLUGIN: serverTable.serverEnvironment.DB,
    SQL_HOST: localhost,
    SQL_PORT: String(state.ports['postgres']),
    SQL_USER: postgresUser,
    SQL_PASSWORD: state.postgresPassword,
  };
  for (const [database, schema] of Object.entries(serverTable.databases))
    for (const step of [
      ['create-database', '--defaultdb', 'postgres'],
      ['setup-schema', '-v', '0.0'],
      ['update-schema', '--schema-name', schema],
    ])
      await promisify(execFile)(sqlTool, ['--db', database, ...step], {
        env,
        signal,
      }).catch((error: unknown) => {
        signal.throwIfAborted();
        const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
        throw new StartupError(
          `The schema of ${database} could not be created (${step[0] ?? ''}):\n${(stderr + stdout).trim().split('\n').slice(-5).join('\n')}`,
          { cause: error },
        );
      });
}

/** Returns why the server does not answer; undefined if it does. */
async function problemAt(address: string): Promise<string | undefined> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({
      address,
      connectTimeout: connectTimeoutMs,
      channelArgs: withoutProxy,
    });
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + connectTimeoutMs, () => workflowService.listNamespaces({}));
    return undefined;
  } catch (error) {
    return firstLineOf(error);
  } finally {
    await connection?.close();
  }
}
