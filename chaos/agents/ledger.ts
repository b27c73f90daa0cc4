/** What the agents were really asked: an append-only file, and the same in memory. */
import { createWriteStream, type WriteStream } from 'node:fs';

export interface Execution {
  readonly agent: string;
  /** The `Idempotency-Key` as it came. */
  readonly key: string;
  /** The last message: what the call asked. */
  readonly prompt: string;
  /** Prompts of the session's window before it. */
  readonly window: readonly string[];
  /** A token that this agent was registered with came along. */
  readonly tokenKnown: boolean;
  /** Epoch ms. */
  readonly startedAt: number;
  endedAt?: number;
  /** The asker went away before it had the whole answer. */
  aborted?: true;
  /** A connection that had served before broke under it: the request may come once more within the same try (ADR 0025). */
  brokeKept?: true;
  /** The content that was given. */
  answer?: string;
}

export class Ledger {
  readonly executions: Execution[] = [];
  private readonly file: WriteStream;

  constructor(path: string) {
    this.file = createWriteStream(path, { flags: 'a' });
  }

  begin(execution: Execution): Execution {
    this.executions.push(execution);
    this.write({ event: 'began', number: this.executions.length, ...execution });
    return execution;
  }

  end(execution: Execution, ending: Pick<Execution, 'aborted' | 'brokeKept'>): void {
    Object.assign(execution, { endedAt: Date.now(), ...ending });
    const { agent, key, answer } = execution;
    this.write({ event: 'ended', agent, key, at: execution.endedAt, answer, ...ending });
  }

  /** Resolves once all of it is in the file. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.file.end(resolve));
  }

  private write(line: object): void {
    if (this.file.writableEnded) return;
    this.file.write(`${JSON.stringify(line)}\n`);
  }
}
