/** Runs a server as a child process that cannot outlive this process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * A script for /bin/sh. It starts the server, writes its pid to descriptor 4, and kills it when descriptor 3 closes. That is a
 * pipe to the parent, so it closes even after kill -9 of the parent. The script runs in a separate process group, so that
 * Ctrl-C reaches only the parent. The umask keeps the database private, because it holds conversations.
 */
const watcher = `
umask 077
"$@" 3<&- 4>&- &
server=$!
echo $server >&4
exec 4>&-
{ cat <&3 >/dev/null; kill -KILL $server; } 2>/dev/null &
watch=$!
wait $server
code=$?
kill $watch 2>/dev/null
exit $code
`;

/** How to run the server. */
export interface SpawnOptions {
  /** The environment of the server. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The user and group that the server runs as. Default: those of this process. */
  readonly uid?: number;
  readonly gid?: number;
  /** The signal that asks the server to stop (default SIGTERM). It is killed if it still runs after `stopMs`. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopMs?: number;
}

/** A server that was started. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves once the server has ended, with a text that says how. */
  readonly exited: Promise<string>;
  /** Asks the server to stop, kills it if necessary, and resolves when it has ended. */
  stop(): Promise<void>;
}

/**
 * Starts `command` and writes its output to the file descriptor `logFd`. Throws if the process ends before its pid is known.
 */
export async function spawnServer(
  command: readonly string[],
  logFd: number,
  { env, cwd, uid, gid, stopSignal = 'SIGTERM', stopMs = 3_000 }: SpawnOptions = {},
): Promise<ServerProcess> {
  const child = spawn('/bin/sh', ['-c', watcher, 'temporal-server', ...command], {
    env,
    cwd,
    uid,
    gid,
    detached: true,
    stdio: ['ignore', logFd, logFd, 'pipe', 'pipe'],
  });
  const exited = exitOf(child);
  const pid = await Promise.race([readPid(child), exited]);
  if (typeof pid === 'string') throw new Error(pid);
  return {
    pid,
    exited,
    async stop() {
      // Once the server has ended, its pid may belong to another process.
      const signal = (name: NodeJS.Signals): void => {
        if (child.exitCode === null && child.signalCode === null) kill(pid, name);
      };
      signal(stopSignal);
      const timer = setTimeout(() => signal('SIGKILL'), stopMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function exitOf(child: ChildProcess): Promise<string> {
  const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  for (const stream of child.stdio) stream?.destroy();
  return `it ended with ${killedBy ?? `code ${String(code)}`}`;
}

async function readPid(child: ChildProcess): Promise<number> {
  const [line] = (await once(createInterface({ input: child.stdio[4] as Readable }), 'line')) as [string];
  return Number(line);
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has ended already.
  }
}
