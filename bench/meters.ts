/** What a process and a database have used, read from outside. Linux alone tells; elsewhere the figures are NaN. */
import { readFile, stat } from 'node:fs/promises';

/** Linux counts in hundredths of a second, whatever the kernel's own tick is. */
const msPerTick = 10;

/** CPU time of a process and its threads since its start, in ms. */
export async function cpuMs(pid: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * msPerTick;
  } catch {
    return NaN;
  }
}

/** Resident memory of a process, in bytes. */
export async function rssBytes(pid: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) * 1024;
  } catch {
    return NaN;
  }
}

/** SQLite's file with its write-ahead log, in bytes. */
export async function databaseBytes(file: string): Promise<number> {
  const sizes = await Promise.all(
    [file, `${file}-wal`].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
