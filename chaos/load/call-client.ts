/**
 * A client that makes calls: it sends a request, repeats it under its Idempotency-Key until its outcome is known, and waits for
 * the end of the call.
 */
import { until } from '../pause.ts';
import type { Random } from '../random.ts';
import type { Answer, Api, Json } from './api.ts';
import type { Journal } from './journal.ts';
import {
  callIdOf,
  outcomeOf,
  type CallRequest,
  type Outcome,
  type ReportedEnding,
  type Submission,
} from './call-request.ts';

export interface SendOptions {
  readonly facade: string;
  /** Whether to wait for the end of the call. Otherwise the answer is 202 as soon as the call is accepted. */
  readonly wait?: boolean;
  readonly timeoutMs?: number;
}

export class CallClient {
  private readonly api: Api;
  private readonly journal: Journal;

  constructor(api: Api, journal: Journal) {
    this.api = api;
    this.journal = journal;
  }

  async send(
    request: CallRequest,
    { facade, wait = false, timeoutMs = wait ? 15_000 : 8_000 }: SendOptions,
  ): Promise<Submission> {
    const sentAt = Date.now();
    const headers = { 'Idempotency-Key': request.key, ...(!wait && { Prefer: 'respond-async' }) };
    const answer =
      request.rerunOf === undefined
        ? await this.api.send(facade, 'POST', '/api/vps/call', { body: request.body, headers, timeoutMs })
        : await this.api.send(facade, 'POST', `/api/vps/calls/${request.rerunOf}/rerun`, {
            headers,
            timeoutMs,
          });
    const one: Submission = { facade, sentAt, answeredAt: Date.now(), ...read(answer) };
    this.record(request, one, answer);
    return one;
  }

  /**
   * Repeats a request under its Idempotency-Key until it is accepted or refused. Returns false if its outcome is still unclear
   * after `atMostMs`.
   */
  retryUntilClear(request: CallRequest, random: Random, atMostMs: number): Promise<boolean> {
    const isClear = async (): Promise<boolean> => {
      if (outcomeOf(request) === 'unclear')
        await this.send(request, { facade: random.pick(this.api.facades) });
      const last = request.submissions.at(-1);
      return outcomeOf(request) === 'accepted' || last?.outcome === 'refused';
    };
    return until(isClear, atMostMs, 400);
  }

  /** Polls an accepted call until it has ended. Returns false if it has not ended after `atMostMs`. */
  awaitEnd(request: CallRequest, random: Random, atMostMs: number): Promise<boolean> {
    const callId = callIdOf(request);
    return until(
      async () => {
        const facade = random.pick(this.api.facades);
        const answer = await this.api.send(facade, 'GET', `/api/vps/calls/${callId ?? ''}`);
        if (answer?.status !== 200 || answer.body?.status === 'running') return false;
        this.recordEnding(request, answer.body, 'read');
        return true;
      },
      atMostMs,
      500,
    );
  }

  private record(request: CallRequest, one: Submission, answer: Answer | undefined): void {
    const known = callIdOf(request);
    this.journal.tried(request, one);
    if (one.outcome === 'accepted' && known !== undefined && one.callId !== known)
      this.journal.recordViolation(
        'I1 I2',
        `#${request.number}: one key, two calls: ${known} and ${String(one.callId)}`,
      );
    if (one.outcome === 'accepted' && answer?.status === 200) this.recordEnding(request, answer.body, 'call');
  }

  private recordEnding(request: CallRequest, body: Json | undefined, to: ReportedEnding['to']): void {
    if (typeof body?.success !== 'boolean') return; // Temporal did not answer while the outcome was being read.
    this.journal.ended(request, {
      success: body.success,
      response: body.response as string | null,
      errorType: body.error_type as string | null,
      sessionStored: body.session_stored as boolean | null,
      at: Date.now(),
      to,
    });
  }
}

function read(answer: Answer | undefined): Pick<Submission, 'outcome' | 'status' | 'errorType' | 'callId'> {
  if (!answer) return { outcome: 'unclear' };
  const { status, body, headers } = answer;
  const errorType = typeof body?.error_type === 'string' ? body.error_type : undefined;
  const location = headers.get('location')?.split('/').at(-1);
  const callId = typeof body?.call_id === 'string' ? body.call_id : location;
  const outcome: Outcome =
    status === 200 || status === 202
      ? 'accepted'
      : status >= 500 && errorType !== 'shutting_down'
        ? 'unclear'
        : 'refused';
  return {
    outcome,
    status,
    ...(errorType !== undefined && { errorType }),
    ...(callId !== undefined && { callId }),
  };
}
