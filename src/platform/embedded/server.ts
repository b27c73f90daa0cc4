/** The embedded Temporal server: `temporal server start-dev` on a SQLite file, with the settings Holdfast needs. */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { Log } from '../logging.ts';
import { StartupError } from '../shutdown.ts';
import { versionOf } from './cli-version.ts';
import { checkDatabaseVersion, lockDataDir, openDataDir } from './data-dir.ts';
import { claimPort } from './ports.ts';
import { spawnServer, type ServerProcess } from './server-process.ts';

export interface EmbeddedServerOptions {
  readonly cli: string;
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly uiPort: number;
  /** SQLite's: normal survives kill -9, full also power loss. */
  readonly synchronous: 'normal' | 'full';
}

export interface EmbeddedServer {
  readonly address: string;
  readonly webUiUrl: string;
  readonly pid: () => number;
  /** Resolves with the reason when the server cannot be kept running. */
  readonly lost: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Its queues are polled at most 20 times a second by default, which alone costs 30 ms of every call; timers under a
 * second stay true with the last. Holdfast is correct without them.
 */
const dynamicConfig = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxTimeShift="50ms"',
  'history.maxInFlightUpdates=1000',
];

const readyMs = 60_000;
const maxLogBytes = 10 * 1024 * 1024;
/** A server that dies more often than this within a minute is not started again. */
const maxRestartsPerMinute = 5;

/** Starts it and keeps it running. Throws `StartupError` that says what to do. */
export async function startEmbeddedServer(options: EmbeddedServerOptions, log: Log): Promise<EmbeddedServer> {
  const { cli, dataDir } = options;
  await openDataDir(dataDir);
  const unlock = await lockDataDir(dataDir);
  try {
    await checkDatabaseVersion(dataDir, (await versionOf(cli)) ?? '');
    const port = await claimPort(options.port, 'HOLDFAST_TEMPORAL_PORT');
    const uiPort = await claimPort(options.uiPort, 'HOLDFAST_TEMPORAL_UI_PORT');
    const start = () => startOnce({ ...options, port, uiPort });
    const kept = keepRunning(await start(), start, log);
    return {
      address: `127.0.0.1:${port}`,
      webUiUrl: `http://127.0.0.1:${uiPort}`,
      pid: kept.pid,
      lost: kept.lost,
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

/** A server that dies is started again on the same data and ports: calls in flight go on. */
function keepRunning(first: ServerProcess, start: () => Promise<ServerProcess>, log: Log) {
  let current = first;
  let stopping = false;
  const deaths: number[] = [];
  const watch = async (): Promise<string> => {
    for (;;) {
      const how = await current.exited;
      if (stopping) return 'it was stopped';
      deaths.push(Date.now());
      if (deaths.filter((at) => at > Date.now() - 60_000).length > maxRestartsPerMinute)
        return `the Temporal server died ${maxRestartsPerMinute + 1} times within a minute; last, ${how}`;
      log.error({ how }, 'The Temporal server died; it is started again');
      try {
        current = await start();
      } catch (error) {
        return `the Temporal server could not be started again: ${(error as Error).message}`;
      }
    }
  };
  return {
    pid: () => current.pid,
    lost: watch(),
    async stop() {
      stopping = true;
      await current.stop();
    },
  };
}

async function startOnce(options: EmbeddedServerOptions): Promise<ServerProcess> {
  const { cli, dataDir, port, uiPort, synchronous } = options;
  const logPath = join(dataDir, 'temporal.log');
  await rotate(logPath);
  const logFile = await open(logPath, 'a', 0o600);
  try {
    const server = await spawnServer(
      [
        cli,
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--ui-port',
        String(uiPort),
        '--db-filename',
        join(dataDir, 'temporal.db'),
        '--sqlite-pragma',
        'journal_mode=wal',
        '--sqlite-pragma',
        `synchronous=${synchronous}`,
        '--log-level',
        'error',
        '--log-format',
        'json',
        ...dynamicConfig.flatMap((value) => ['--dynamic-config-value', value]),
      ],
      logFile.fd,
    );
    await untilReady(server, `127.0.0.1:${port}`, logPath);
    return server;
  } finally {
    await logFile.close();
  }
}

/** It answers once its default namespace can be described. */
async function untilReady(server: ServerProcess, address: string, logPath: string): Promise<void> {
  const gone: { how?: string } = {};
  void server.exited.then((how) => (gone.how = how));
  const giveUpAt = Date.now() + readyMs;
  for (;;) {
    if (gone.how !== undefined)
      throw new StartupError(`The Temporal server did not start: ${gone.how}\n${await tailOf(logPath)}`);
    if (await answers(address)) return;
    if (Date.now() >= giveUpAt) {
      await server.stop();
      throw new StartupError(
        `The Temporal server does not answer after ${readyMs / 1_000} s; see ${logPath}`,
      );
    }
  }
}

async function answers(address: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 500 });
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 25));
    return false;
  } finally {
    await connection?.close();
  }
}

async function rotate(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxLogBytes) await rename(path, `${path}.1`);
}

async function tailOf(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-5).join('\n').slice(-2_000);
}
