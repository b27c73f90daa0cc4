/** The embedded Temporal server: `temporal server start-dev` on a SQLite file, with the settings that Holdfast needs. */
import type { Log } from '../logging.ts';
import { versionOf } from './cli-version.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { checkDatabaseVersion, openDataDir } from './data-dir.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import { keepRunning, type KeptServer } from './keep-running.ts';
import { claimPort, freePort } from './ports.ts';
import { httpApiDistance, metricsDistance } from './ports-beside.ts';
import { openServerLog } from './server-log.ts';
import { spawnServer, type ServerProcess } from './server-process.ts';
import { startDevCommand, type StartDevOptions } from './start-dev-command.ts';
import { untilReady } from './until-ready.ts';

const maxStarts = 3;

/** The options of the server. A port of 0 means that a free one is picked. */
export type EmbeddedServerOptions = StartDevOptions;

/** The running server. */
export interface EmbeddedServer extends KeptServer {
  readonly address: string;
  /** The URL of the Web UI. Undefined if it is off. */
  readonly webUiUrl: string | undefined;
  /** The ports that it listens on: gRPC, Web UI, HTTP API, metrics. The last two may change when it is restarted. */
  readonly ports: () => readonly number[];
}

/** Starts the server and restarts it when it dies. Throws `EmbeddedServerError` that says what to do. */
export async function startEmbeddedServer(options: EmbeddedServerOptions, log: Log): Promise<EmbeddedServer> {
  const { cli, dataDir } = options;
  await openDataDir(dataDir);
  const unlock = await lockDataDir(dataDir);
  try {
    await checkDatabaseVersion(dataDir, await versionThatRuns(cli));
    const { server, claimed } = await startOnFreePorts(options);
    let current = claimed;
    const startAgain = async () => {
      current = await claimPorts(claimed);
      return await startOnce(current);
    };
    const kept = keepRunning(server, startAgain, log);
    return {
      ...kept,
      address: `127.0.0.1:${claimed.port}`,
      webUiUrl: claimed.uiPort === 'off' ? undefined : `http://127.0.0.1:${claimed.uiPort}`,
      ports: () => portsOf(current),
      async stop() {
        await kept.stop();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

function portsOf({ port, uiPort, httpPort, metricsPort }: StartDevOptions): number[] {
  return [port, uiPort, httpPort, metricsPort].filter((one) => typeof one === 'number');
}

/** Returns the options with ports that are free now. */
async function claimPorts(options: EmbeddedServerOptions): Promise<StartDevOptions> {
  const { port, uiPort } = options;
  const claimed = await claimPort(port, 'HOLDFAST_TEMPORAL_PORT');
  if (uiPort === claimed)
    throw new EmbeddedServerError(
      'port_in_use',
      `HOLDFAST_TEMPORAL_PORT and HOLDFAST_TEMPORAL_UI_PORT are both ${uiPort}: set one to another port`,
    );
  const ui = uiPort === 'off' ? uiPort : await claimPort(uiPort, 'HOLDFAST_TEMPORAL_UI_PORT');
  const taken = new Set([claimed, ui]);
  const beside = async (distance: number): Promise<number> => {
    let free: number;
    do free = await freePort(claimed + distance, 'HOLDFAST_TEMPORAL_PORT');
    while (taken.has(free));
    taken.add(free);
    return free;
  };
  const [httpPort, metricsPort] = [await beside(httpApiDistance), await beside(metricsDistance)];
  return { ...options, port: claimed, uiPort: ui, httpPort, metricsPort };
}

async function versionThatRuns(cli: string): Promise<string> {
  const version = await versionOf(cli);
  if (version === undefined)
    throw new EmbeddedServerError(
      'start_failed',
      `${cli} is not a temporal CLI that runs here: set HOLDFAST_TEMPORAL_CLI to one, or unset it to have one found or downloaded`,
    );
  return version;
}

/**
 * Starts the server on ports that are free now. Before the server opens its ports, another program may take one of them, and
 * also a port that the server picks itself. The start is then repeated, unless the options name that port. Throws
 * `EmbeddedServerError`.
 */
export async function startOnFreePorts(
  options: StartDevOptions,
): Promise<{ claimed: StartDevOptions; server: ServerProcess }> {
  for (let left = maxStarts - 1; ; left--) {
    const claimed = await claimPorts(options);
    try {
      return { claimed, server: await startOnce(claimed) };
    } catch (error) {
      const reason = String(error);
      const named = [options.port, options.uiPort].some((port) => reason.includes(`:${port}: bind`));
      if (named || left === 0 || !reason.includes('address already in use')) throw error;
    }
  }
}

async function startOnce(options: StartDevOptions): Promise<ServerProcess> {
  const log = await openServerLog(options.dataDir);
  try {
    const server = await spawnServer(startDevCommand(options), log.file.fd, {
      env: withoutTraces(process.env),
    });
    await untilReady(server, options.port, log);
    return server;
  } finally {
    await log.file.close();
  }
}

/** The Temporal server reads OTEL_* variables too, sends spans of its own, and ends if they name a protocol other than gRPC. */
function withoutTraces(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('OTEL_')));
}
