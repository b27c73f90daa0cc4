import { readFile } from 'node:fs/promises';

/** Linux reports CPU time in ticks, a hundred to a second on every platform that Node runs on. */
const msPerTick = 10;

/** What Linux tells of a process in /proc/PID/stat. */
export interface ProcessStat {
  /** E.g. `S`; `Z` is one that has ended and that its parent has not asked for. */
  readonly state: string;
  readonly parent: number;
  /** User and system time, ms. */
  readonly ownMs: number;
  /** The same of its children that have ended. */
  readonly endedMs: number;
  /** When it began, in ticks since the machine did. */
  readonly began: string;
}

/** Undefined where the process has ended, and where there is no /proc, e.g. on macOS. */
export async function readProcessStat(pid: number | string): Promise<ProcessStat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // After the name in parentheses, which may hold anything: fields 3 and on.
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
