import { readFile } from 'node:fs/promises';

/** Linux reports CPU time in ticks: 100 per second on every platform that Node runs on. */
const msPerTick = 10;

/** A process as Linux describes it in /proc/PID/stat. */
export interface ProcessStat {
  /** State, e.g. `S` (sleeping). `Z` is a zombie: it has ended, but its parent has not waited for it yet. */
  readonly state: string;
  /** Pid of the parent. */
  readonly parent: number;
  /** User and system CPU time of the process, ms. */
  readonly ownMs: number;
  /** User and system CPU time of its children that have ended, ms. */
  readonly endedMs: number;
  /** Start time, in ticks since the machine booted. */
  readonly began: string;
}

/** Reads the process's entry in /proc. Undefined if there is no such process, or no /proc (e.g. on macOS). */
export async function readProcessStat(pid: number | string): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // Fields 3 and following. They come after the command's name in parentheses, which may itself contain any character.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ms = (first: number): number => (Number(fields[first]) + Number(fields[first + 1])) * msPerTick;
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    ownMs: ms(11),
    endedMs: ms(13),
    began: fields[19] ?? '',
  };
}
