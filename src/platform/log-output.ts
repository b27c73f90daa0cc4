/**
 * Where log lines go: a file descriptor that may fail, e.g. that of a file on a full disk. Lines that it does not take
 * are dropped and counted; the next that it takes come after their number. No failure of the log reaches the process.
 */
import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/** What may wait while a write is under way, e.g. for a reader that stands still. */
const maxWaitingChars = 4 * 1024 * 1024;
/** How soon a descriptor that takes nothing for now is tried again, and how often at the end of the process. */
const againMs = 100;
const triesAtEnd = 10;

const writeAsync = promisify(write);

interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
  /** How many dropped ones it tells of before these lines. */
  readonly told: number;
}

export class LogOutput {
  private readonly fd: number;
  private waiting: string[] = [];
  private waitingChars = 0;
  private dropped = 0;
  private isWriting = false;
  /** The last line was written in part. */
  private isTorn = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** A whole line, with its end. */
  write(line: string): void {
    if (this.waitingChars >= maxWaitingChars) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(line);
    this.waitingChars += line.length;
    if (!this.isWriting) void this.writeWaiting();
  }

  /** At the end of the process, which it holds up for a second at most. */
  flushSync(): void {
    if (this.waiting.length === 0) return;
    const batch = this.take();
    let rest = batch.bytes;
    for (let tries = 0; rest.length > 0 && tries < triesAtEnd;) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if (!isForNow(error)) break;
        tries += 1;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, againMs);
      }
    }
    this.count(batch, rest);
  }

  private async writeWaiting(): Promise<void> {
    this.isWriting = true;
    while (this.waiting.length > 0) {
      const batch = this.take();
      let rest = batch.bytes;
      while (rest.length > 0) {
        try {
          rest = rest.subarray((await writeAsync(this.fd, rest)).bytesWritten);
        } catch (error) {
          if (!isForNow(error)) break;
          await new Promise((resolve) => setTimeout(resolve, againMs));
        }
      }
      this.count(batch, rest);
    }
    this.isWriting = false;
  }

  private take(): Batch {
    const { waiting, dropped: told } = this;
    this.waiting = [];
    this.waitingChars = 0;
    this.dropped = 0;
    const before = `${this.isTorn ? '\n' : ''}${told > 0 ? droppedLine(told) : ''}`;
    return { bytes: Buffer.from(before + waiting.join('')), lines: waiting.length, told };
  }

  /** What of the batch was not taken: `rest`. */
  private count({ bytes, lines, told }: Batch, rest: Buffer): void {
    const written = bytes.length - rest.length;
    if (written > 0) this.isTorn = bytes[written - 1] !== lineEnd;
    const lost = written > 0 ? rest.reduce((ends, byte) => (byte === lineEnd ? ends + 1 : ends), 0) : lines;
    const isUntold = written === 0 || lost > lines;
    this.dropped += Math.min(lost, lines) + (isUntold ? told : 0);
  }
}

const lineEnd = 0x0a;

function droppedLine(dropped: number): string {
  const line = { level: 40, time: new Date().toISOString(), dropped, msg: 'Log lines could not be written' };
  return `${JSON.stringify(line)}\n`;
}

/** A pipe that is full. */
function isForNow(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EAGAIN' || code === 'EBUSY';
}
