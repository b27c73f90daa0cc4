/** The load's record of what it sent and what the API answered, in memory and in an append-only file. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import {
  callIdOf,
  type CallBody,
  type ReportedEnding,
  type CallRequest,
  type Submission,
} from './call-request.ts';

/** A session that the load has used. */
export interface SessionRecord {
  readonly id: string;
  /** Contents of the user messages that it was imported with; empty if it was not imported. */
  readonly imported: readonly string[];
}

/** A deletion of a session, or a cleanup of sessions, that was sent. */
export interface Removal {
  /** The session to delete. Absent for a cleanup, which removes every session that is not in use. */
  readonly sessionId?: string;
  /** Whether the session's ended calls are deleted too. */
  readonly withCalls: boolean;
  /** Epoch ms. */
  readonly sentAt: number;
  /** The time (epoch ms) after which the removal can no longer take effect. */
  until: number;
  /** Whether the answer proves that the removal has taken effect and nothing is left to do. */
  done: boolean;
}

/** A violation that was noticed during the run, e.g. an answer that no client should ever get. */
export interface ObservedViolation {
  readonly row: 'I1 I2' | 'I4' | 'answers' | 'I5' | 'leaks';
  readonly text: string;
}

/** A fault that was injected. */
export interface FaultRecord {
  readonly kind: string;
  readonly what: string;
  /** When the fault began (epoch ms). `moments` are the times within it that matter, e.g. of each SIGSTOP. */
  readonly at: number;
  readonly moments: readonly number[];
  /** A call must succeed within this time after the fault. */
  readonly limitMs: number;
  /** The time in ms until a call succeeded through every touched facade; undefined if none did within the limit. */
  readonly recoveryMs?: number | undefined;
}

/** Holds everything that the load and the faults record during a run. */
export class Journal {
  readonly requests: CallRequest[] = [];
  readonly sessions = new Map<string, SessionRecord>();
  readonly removals: Removal[] = [];
  readonly observedViolations: ObservedViolation[] = [];
  readonly faults: FaultRecord[] = [];
  /** The kinds of faults that cannot be injected on this machine, each with the reason. */
  readonly skipped = new Map<string, string>();
  /** The number of answers by HTTP status. */
  readonly statuses = new Map<number, number>();
  private readonly file: WriteStream;

  constructor(path: string) {
    this.file = createWriteStream(path, { flags: 'a' });
  }

  addRequest(
    step: string,
    body: Omit<CallBody, 'prompt'>,
    extra: { text?: string; rerunOf?: CallRequest } = {},
  ): CallRequest {
    const number = this.requests.length + 1;
    const original = extra.rerunOf;
    const request: CallRequest = {
      number,
      key: randomUUID(),
      step,
      body: original?.body ?? { ...body, prompt: `#${number} ${extra.text ?? ''}` },
      ...(original && { rerunOf: callIdOf(original) ?? '' }),
      submissions: [],
      endings: [],
    };
    this.requests.push(request);
    this.write({ event: 'request', ...request });
    return request;
  }

  tried(request: CallRequest, one: Submission): void {
    request.submissions.push(one);
    this.write({ event: 'tried', number: request.number, ...one });
  }

  ended(request: CallRequest, ending: ReportedEnding): void {
    request.endings.push(ending);
    this.write({ event: 'ending', number: request.number, ...ending });
  }

  session(id: string, imported: readonly string[] = []): SessionRecord {
    const record = this.sessions.get(id) ?? { id, imported };
    this.sessions.set(id, record);
    return record;
  }

  /** Records a removal. Call it before the removal is sent, and `removed` once its outcome is known. */
  removal(what: Pick<Removal, 'sessionId' | 'withCalls'>): Removal {
    const removal = { ...what, sentAt: Date.now(), until: Infinity, done: false };
    this.removals.push(removal);
    this.write({ event: 'to be removed', ...what });
    return removal;
  }

  /**
   * Records the outcome of a removal. `done` says whether the answer proves that it has taken effect, `until` is the time (epoch ms) after which it can no
   * longer take effect.
   */
  removed(removal: Removal, done: boolean, until: number): void {
    Object.assign(removal, { done, until });
    this.write({ event: 'removed', ...removal });
  }

  recordViolation(row: ObservedViolation['row'], text: string): void {
    this.observedViolations.push({ row, text });
    this.write({ event: 'violation', row, text });
  }

  fault(record: FaultRecord): void {
    this.faults.push(record);
    this.write({ event: 'fault', ...record });
  }

  /**
   * Writes one line with the current time. Does nothing once the journal is closed: after a fault that threw, calls that it
   * sent may still be in flight.
   */
  write(line: object): void {
    if (this.file.writableEnded) return;
    this.file.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`);
  }

  /** Resolves once every line is written to the file. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.file.end(resolve));
  }
}
