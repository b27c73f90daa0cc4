/** A server as a child that cannot outlive this process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Run by /bin/sh: starts the server, tells its pid on descriptor 4, and kills it when descriptor 3, the pipe to the
 * parent, closes: also by kill -9 of the parent. In a process group of its own, so that Ctrl-C reaches the parent alone.
 * The database holds conversations: its files are for this user only.
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

export interface SpawnOptions {
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The user and group that it runs as. Default: this process's. */
  readonly uid?: number;
  readonly gid?: number;
  /** What asks it to stop, SIGTERM by default; if it has not after `stopMs`, it is killed. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopMs?: number;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  /** Asks it to stop, then kills it; resolves once it is gone. */
  stop(): Promise<void>;
}

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
      // Its pid may be another's once it is gone.
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
    // It is gone already.
  }
}
