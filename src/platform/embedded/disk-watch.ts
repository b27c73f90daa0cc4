/** Whether the data directory's disk is full: then the server fails every write, after seconds of trying. */
import { statfs } from 'node:fs/promises';
import { every } from '../../lib/every.ts';
import type { Log } from '../logging.ts';

/** All who ask are to know within a second. */
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

  /** What is wrong, and what to do; undefined: there is room. */
  get problem(): string | undefined {
    if (this.freeBytes >= this.reserveBytes) return undefined;
    const mib = (bytes: number): number => Math.floor(bytes / 1_048_576);
    return `The data directory's disk has ${mib(this.freeBytes)} MiB free, ${mib(this.reserveBytes)} MiB are kept for what is under way: free some space, or lower HOLDFAST_DISK_RESERVE_MIB`;
  }

  async look(): Promise<void> {
    const before = this.problem;
    const { bavail, bsize } = await statfs(this.dataDir);
    this.freeBytes = bavail * bsize;
    const { dataDir, freeBytes, problem } = this;
    if (problem !== undefined && before === undefined) this.log.error({ dataDir, freeBytes }, problem);
    if (problem === undefined && before !== undefined)
      this.log.info({ dataDir, freeBytes }, "The data directory's disk has room again");
  }

  /** Returns how to stop. */
  start(): () => Promise<void> {
    return every(
      intervalMs,
      () => this.look(),
      () => undefined,
    ); // The disk guard tells what cannot be known.
  }
}
