/** The load's own append-only record of what it asked for and was told. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import {
  callIdOf,
  type CallBody,
  type ReportedEnding,
  type CallRequest,
  type Submission,
} from './call-request.ts';

export interface SessionRecord {
  readonly id: string;
  /** Contents of the user messages that it was imported with. */
  readonly imported: readonly string[];
}

/** A deletion, or a cleanup, that was sent. */
export interface Removal {
  /** Absent: a cleanup of every session that was not in use. */
  readonly sessionId?: string;
  /** With the session's ended calls. */
  readonly withCalls: boolean;
  /** Epoch ms. */
  readonly sentAt: number;
  /** By then it has happened, or will not any more. */
  until: number;
  /** It was answered, so it has happened. */
  done: boolean;
}

/** A violation that was noticed while the run went on, e.g. an answer that no client should ever get. */
export interface ObservedViolation {
  readonly row: 'I1 I2' | 'answers' | 'I5' | 'leaks';
  readonly text: string;
}

export interface FaultRecord {
  readonly kind: string;
  readonly what: string;
  /** Epoch ms: when it began, and the moments of it that matter (e.g. each SIGSTOP). */
  readonly at: number;
  readonly moments: readonly number[];
  /** Within which a call has to have succeeded after it. */
  readonly limitMs: number;
  /** Until the next success through every facade it touched; undefined: none within the limit. */
  readonly recoveryMs?: number | undefined;
}

export class Journal {
  readonly requests: CallRequest[] = [];
  readonly sessions = new Map<string, SessionRecord>();
  readonly removals: Removal[] = [];
  readonly observedViolations: ObservedViolation[] = [];
  readonly faults: FaultRecord[] = [];
  /** Kinds of faults that cannot be done here, and why. */
  readonly skipped = new Map<string, string>();
  /** Answers by status, for the report. */
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
    this.write({ event: 'told the end', number: request.number, ...ending });
  }

  session(id: string, imported: readonly string[] = []): SessionRecord {
    const record = this.sessions.get(id) ?? { id, imported };
    this.sessions.set(id, record);
    return record;
  }

  /** To be told of before it is sent; its end is for the caller to note. */
  removal(what: Pick<Removal, 'sessionId' | 'withCalls'>): Removal {
    const removal = { ...what, sentAt: Date.now(), until: Infinity, done: false };
    this.removals.push(removal);
    this.write({ event: 'to be removed', ...what });
    return removal;
  }

  /** `until` it has happened, if it was not heard of. */
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

  /** Nothing once it is closed: after a fault that threw, the calls that it made itself may not be over yet. */
  write(line: object): void {
    if (this.file.writableEnded) return;
    this.file.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`);
  }

  /** Resolves once all of it is in the file. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.file.end(resolve));
  }
}
