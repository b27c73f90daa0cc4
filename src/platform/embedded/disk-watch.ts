/** Watches for a full disk of the data directory, on which the server fails each write only after seconds of retries. */
import { statfs } from 'node:fs/promises';
import { every } from '../../lib/every.ts';
import type { Log } from '../logging.ts';

/** Short, so that a full disk is noticed within a second. */
const intervalMs = 500;

export class DiskWatch {
  private readonly dataDir: string;
  private readonly reserveBytes: number;
  private readonly log: Log;
  private freeBytes = Infinity;

  constructor(dataDir: string, reserveBytes: number, log: Log) {
    this.dataDir = dataDir;
    this.reserveBytes = reserveBytes;
    this.log = log;
  }

  /** What is wrong and what to do. Undefined while there is enough space. */
  get problem(): string | undefined {
    if (this.freeBytes >= this.reserveBytes) return undefined;
    const mib = (bytes: number): number => Math.floor(bytes / 1_048_576);
    return `The data directory's disk has ${mib(this.freeBytes)} MiB free, ${mib(this.reserveBytes)} MiB are reserved for calls in flight: free some space, or lower HOLDFAST_DISK_RESERVE_MIB`;
  }

  /** Checks now. Logs when the disk becomes full, and when it has space again. */
  async look(): Promise<void> {
    const before = this.problem;
    const { bavail, bsize } = await statfs(this.dataDir);
    this.freeBytes = bavail * bsize;
    const { dataDir, freeBytes, problem } = this;
    if (problem !== undefined && before === undefined) this.log.error({ dataDir, freeBytes }, problem);
    if (problem === undefined && before !== undefined)
      this.log.info({ dataDir, freeBytes }, "The data directory's disk has room again");
  }

  /** Checks regularly. Returns a function that stops it. */
  start(): () => Promise<void> {
    return every(
      intervalMs,
      () => this.look(),
      () => undefined,
    ); // The disk guard logs if the free space cannot be read.
  }
}
