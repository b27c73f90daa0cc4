/**
 * Notices when a disk that calls need is full: the disk of the embedded server's data, where the server fails each write only
 * after seconds of retries, or the disk of a payload store's folder.
 */
import { statfs } from 'node:fs/promises';
import { every } from '../../lib/every.ts';
import type { Log } from '../logging.ts';

/** How often the disk is checked. It is short, so that a full disk is noticed within a second. */
const intervalMs = 500;

export class DiskWatch {
  private readonly folder: string;
  private readonly reserveBytes: number;
  private readonly log: Log;
  private readonly whose: string;
  private freeBytes = Infinity;

  constructor(folder: string, reserveBytes: number, log: Log, whose = 'data directory') {
    this.folder = folder;
    this.reserveBytes = reserveBytes;
    this.log = log;
    this.whose = whose;
  }

  /** What is wrong with the disk and what to do. Undefined while it has enough space. */
  get problem(): string | undefined {
    if (this.freeBytes >= this.reserveBytes) return undefined;
    const mib = (bytes: number): number => Math.floor(bytes / 1_048_576);
    return `The ${this.whose}'s disk has ${mib(this.freeBytes)} MiB free, ${mib(this.reserveBytes)} MiB are reserved for calls in flight: free some space, or lower HOLDFAST_DISK_RESERVE_MIB`;
  }

  /** Checks now. Logs when the disk becomes full, and when it has space again. */
  async look(): Promise<void> {
    const before = this.problem;
    const { bavail, bsize } = await statfs(this.folder);
    this.freeBytes = bavail * bsize;
    const { folder, freeBytes, problem, whose } = this;
    if (problem !== undefined && before === undefined) this.log.error({ folder, freeBytes }, problem);
    if (problem === undefined && before !== undefined)
      this.log.info({ folder, freeBytes }, `The ${whose}'s disk has room again`);
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
