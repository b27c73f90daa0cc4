/** A facade and two workers of another checkout as processes that can be killed, on one data directory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { HttpClient } from '../rig/http-client.ts';
import { testEnvironment, type Environment } from '../rig/test-node.ts';

/** What is recorded names no machine: Temporal gets the host's name from every client. */
const hostName = 'recorded';
const nameless = encodeURIComponent(
  `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';
   os.hostname = () => '${hostName}'; syncBuiltinESMExports();`,
);

export interface OldProcesses {
  readonly http: HttpClient;
  readonly temporal: Client;
  /** Kills the worker that did the workflow's last task. Temporal waits 10 s for it before another one gets the next task. */
  readonly killWorkerOf: (workflowId: string) => Promise<void>;
  /** Kills everything that still runs with SIGKILL, the Temporal server too. */
  readonly close: () => Promise<void>;
}

export async function startOldProcesses(checkout: string, settings: Environment): Promise<OldProcesses> {
  const { PATH = '', HOME = '' } = process.env;
  const run = (parameters: readonly string[], more: Environment = {}): ChildProcess =>
    spawn(process.execPath, [`--import=data:text/javascript,${nameless}`, ...parameters], {
      env: { PATH, HOME, ...environment, ...more },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const environment = await testEnvironment({ HOLDFAST_EMBEDDED_WORKER: 'off', ...settings });
  const facade = run(['--import', 'tsx', fileURLToPath(new URL('old-node.ts', import.meta.url)), checkout]);
  const { url, temporalAddress } = JSON.parse(await firstLine(facade)) as Record<string, string>;
  const address = temporalAddress ?? '';
  const workers = [1, 2].map(() =>
    run([join(checkout, 'dist', 'worker.js')], { TEMPORAL_ADDRESS: address, HOLDFAST_LOG_LEVEL: 'info' }),
  );
  await Promise.all(workers.map(firstLine));
  const connection = await Connection.connect({ address });
  const temporal = new Client({ connection, identity: hostName });
  return {
    http: new HttpClient(url ?? ''),
    temporal,
    async killWorkerOf(workflowId) {
      const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
      const task = events?.findLast((event) => event.workflowTaskCompletedEventAttributes);
      const identity = task?.workflowTaskCompletedEventAttributes?.identity;
      const worker = workers.find(({ pid }) => identity === `${pid ?? 0}@${hostName}`);
      if (!worker) throw new Error(`${workflowId} had no task of a worker, but of ${identity ?? 'nobody'}`);
      await kill(worker);
    },
    async close() {
      await connection.close();
      await Promise.all([...workers, facade].map(kill));
      // The server is killed once the facade has ended (src/platform/embedded/server-process.ts).
      while (await listens(Number(address.split(':').at(-1)))) await pass(20);
    },
  };
}

/** The first line that the process prints. It says that the process is ready. */
function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [line, ...rest] = text.split('\n');
      if (line !== undefined && rest.length > 0) resolve(line);
    });
    stdout?.on('end', () => reject(new Error(`It ended: ${text}`)));
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
