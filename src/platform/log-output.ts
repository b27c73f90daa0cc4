/**
 * Writes log lines to a file descriptor whose writes may fail, e.g. that of a file on a full disk. Lines that cannot be
 * written are dropped and counted, and the next successful write begins with a line that reports their number. A failing log
 * never affects the process.
 */
import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * The most characters that are buffered while a write is in flight, e.g. to a pipe whose reader has stopped. Further lines are
 * dropped.
 */
const maxWaitingChars = 4 * 1024 * 1024;
/** The pause before a full pipe is tried again, and how many times it is tried at the end of the process. */
const retryMs = 100;
const triesAtEnd = 10;

const writeAsync = promisify(write);

/** Lines that are written together. */
interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
  /** The number of dropped lines that the batch reports before its own lines. */
  readonly reported: number;
}

/** Buffers lines and writes them in order. */
export class LogOutput {
  private readonly fd: number;
  private waiting: string[] = [];
  private waitingChars = 0;
  private dropped = 0;
  private isWriting = false;
  /** Whether only a part of the last line was written. */
  private isTorn = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Writes a line, which includes its line break. Does not wait; never throws. */
  write(line: string): void {
    if (this.waitingChars >= maxWaitingChars) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(line);
    this.waitingChars += line.length;
    if (!this.isWriting) void this.writeWaiting();
  }

  /** Writes the buffered lines at the end of the process. Blocks it for at most a second. */
  flushSync(): void {
    if (this.waiting.length === 0) return;
    const batch = this.takeBatch();
    let rest = batch.bytes;
    for (let tries = 0; rest.length > 0 && tries < triesAtEnd;) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if (!isTemporary(error)) break;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
      }
    }
    this.countDropped(batch, rest);
  }

  private async writeWaiting(): Promise<void> {
    this.isWriting = true;
    while (this.waiting.length > 0) {
      const batch = this.takeBatch();
      let rest = batch.bytes;
      while (rest.length > 0) {
        try {
          rest = rest.subarray((await writeAsync(this.fd, rest)).bytesWritten);
        } catch (error) {
          if (!isTemporary(error)) break;
          await new Promise((resolve) => setTimeout(resolve, retryMs));
        }
      }
      this.countDropped(batch, rest);
    }
    this.isWriting = false;
  }

  /** Empties the buffer. */
  private takeBatch(): Batch {
    const { waiting, dropped: reported } = this;
    this.waiting = [];
    this.waitingChars = 0;
    this.dropped = 0;
    const before = `${this.isTorn ? '\n' : ''}${reported > 0 ? droppedLine(reported) : ''}`;
    return { bytes: Buffer.from(before + waiting.join('')), lines: waiting.length, reported };
  }

  /** Counts the lines of the batch that were dropped. `rest` are the bytes that were not written. */
  private countDropped({ bytes, lines, reported }: Batch, rest: Buffer): void {
    const written = bytes.length - rest.length;
    if (written > 0) this.isTorn = bytes[written - 1] !== lineEnd;
    const lost = written > 0 ? rest.reduce((ends, byte) => (byte === lineEnd ? ends + 1 : ends), 0) : lines;
    const isReportLost = written === 0 || lost > lines;
    this.dropped += Math.min(lost, lines) + (isReportLost ? reported : 0);
  }
}

const lineEnd = 0x0a;

function droppedLine(dropped: number): string {
  const line = { level: 40, time: new Date().toISOString(), dropped, msg: 'Log lines could not be written' };
  return `${JSON.stringify(line)}\n`;
}

/** Whether the write may succeed later, because the descriptor is a pipe that is full at the moment. */
function isTemporary(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAGAIN' || code === 'EBUSY';
}
