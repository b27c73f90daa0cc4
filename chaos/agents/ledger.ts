/** Records every request that the agents received, in memory and in an append-only file. */
import { createWriteStream, type WriteStream } from 'node:fs';

/** One request that an agent received. */
export interface Execution {
  readonly agent: string;
  /** The `Idempotency-Key` header as received. */
  readonly key: string;
  /** The text of the last message, which is the prompt of the call. */
  readonly prompt: string;
  /** The user prompts in the session's window, which precede the prompt in the request. */
  readonly window: readonly string[];
  /** Whether the request carried a token that this agent was registered with. */
  readonly tokenKnown: boolean;
  /** Epoch ms. */
  readonly startedAt: number;
  endedAt?: number;
  /** Set if the client closed the connection before it had the whole answer. */
  aborted?: true;
  /** Set if a reused connection broke during the request. The same try may then send the request once more (ADR 0025). */
  brokeKept?: true;
  /** The `content` that the agent sent, even if the client did not get all of it (`aborted`). Absent if there was none. */
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

  /** Resolves once every line is written to the file. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.file.end(resolve));
  }

  private write(line: object): void {
    if (this.file.writableEnded) return;
    this.file.write(`${JSON.stringify(line)}\n`);
  }
}
