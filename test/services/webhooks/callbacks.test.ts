/** Callbacks of calls, to a simulated receiver, with a simulated history of each call. */
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Ending } from '../../../src/domain/ending.ts';
import { Refusal } from '../../../src/domain/failures.ts';
import type { SendResult } from '../../../src/receivers/send-event.ts';
import type { Temporal } from '../../../src/services/temporal/rpc.ts';
import { createCallbacks } from '../../../src/services/webhooks/callback-work.ts';
import { msToTs } from '../../../src/temporal-sdk/timestamps.ts';
import { Callbacks } from '../../../src/services/webhooks/callbacks.ts';

const signal = new AbortController().signal;

/** The part of a client that reads histories. The URL of a call is its id; `deleted` has no history. */
function temporalOf(describe: () => unknown = () => undefined): Temporal {
  const historyOf = (workflowId: string) => {
    if (workflowId.includes('deleted')) throw new Refusal('call_not_found', 'deleted');
    const input = { agentName: 'a', prompt: 'x', callbackUrl: workflowId.replace(/^call-/, '') };
    const attributes = { input: { payloads: [defaultPayloadConverter.toPayload(input)] } };
    return { events: [{ eventTime: msToTs(1), workflowExecutionStartedEventAttributes: attributes }] };
  };
  const workflow = {
    getHandle: (id: string) => ({
      fetchHistory: () => Promise.resolve(id).then(historyOf),
      describe: () => Promise.resolve().then(describe),
    }),
  };
  const client = { workflow, withDeadline: (_at: number, call: () => unknown) => call() };
  return { client, namespace: 'n', taskQueue: 'q' } as unknown as Temporal;
}

function callbacks(answer: (origin: string) => Promise<SendResult> | SendResult) {
  const outcomes: string[] = [];
  const sender = {
    callbackOrigin: (url: string) => url,
    sendCallback: async ({ url }: { url: string }) => answer(url),
  };
  const texts = { load: (text: unknown) => Promise.resolve(text) } as never;
  const onOutcome = (outcome: string): void => void outcomes.push(outcome);
  const deliver = createCallbacks({ temporal: temporalOf(), texts, maxBytes: 9_999, sender, onOutcome });
  const to = (callId: string, attempt = 1): Promise<unknown> => {
    const ending: Ending = {
      callId,
      runId: 'run',
      agent: 'a',
      outcome: 'completed',
      startedAt: 1,
      endedAt: 2,
      queuedMs: 0,
      attempts: [],
    };
    return deliver(ending, { attempt, signal });
  };
  return { to, outcomes };
}

interface Failure {
  readonly type: unknown;
  readonly nonRetryable: unknown;
  readonly pauseMs: number;
}

const failureOf = async (sent: Promise<unknown>): Promise<Failure> => {
  const error: unknown = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  const { type, nonRetryable, nextRetryDelay } = error as Record<string, unknown>;
  return { type, nonRetryable, pauseMs: Number(nextRetryDelay) };
};

test('a black hole holds eight at most, and callbacks to other receivers go on', async () => {
  let end: (result: SendResult) => void = () => undefined;
  const silence = new Promise<SendResult>((resolve) => (end = resolve));
  const { to, outcomes } = callbacks((url) => (url === 'hole' ? silence : { ok: true, status: 200, ms: 1 }));
  const held = Array.from({ length: 8 }, () => to('hole'));
  for (const sent of [to('hole'), to('hole', 3)]) {
    const { pauseMs, ...failure } = await failureOf(sent);
    expect(failure).toEqual({ type: 'callback_busy', nonRetryable: false });
    expect(pauseMs).toBeGreaterThanOrEqual(2_500);
    expect(pauseMs).toBeLessThanOrEqual(30_000);
  }
  expect(await to('other')).toEqual({ status: 200 });
  expect(outcomes).toEqual(['delivered']); // What had no turn was no try.
  end({ ok: true, status: 204, ms: 1 });
  await Promise.all(held);
  expect(await to('hole')).toEqual({ status: 204 });
});

test('at most 64 are under way', async () => {
  let end: (result: SendResult) => void = () => undefined;
  const silence = new Promise<SendResult>((resolve) => (end = resolve));
  const { to } = callbacks(() => silence);
  const held = Array.from({ length: 64 }, (_, index) => to(`hole-${index % 8}`));
  expect(await failureOf(to('other'))).toMatchObject({ type: 'callback_busy', nonRetryable: false });
  end({ ok: true, status: 204, ms: 1 });
  await Promise.all(held);
});

test.each([
  { retryAfterSeconds: 0, attempt: 1, from: 4_500, to: 5_500 },
  { retryAfterSeconds: 1, attempt: 4, from: 36_000, to: 44_000 },
  { attempt: 20, from: 810_000, to: 990_000 },
  { retryAfterSeconds: 3_600, attempt: 20, from: 3_600_000, to: 3_600_000 },
])('Retry-After makes no pause shorter than the backoff: %o', async ({ attempt, from, to, ...answer }) => {
  const sent = callbacks(() => ({ ok: false, error: 'HTTP 503', ms: 1, ...answer })).to('a', attempt);
  const { pauseMs, ...failure } = await failureOf(sent);
  expect(failure).toEqual({ type: 'callback_failed', nonRetryable: false });
  expect(pauseMs).toBeGreaterThanOrEqual(from);
  expect(pauseMs).toBeLessThanOrEqual(to);
});

test('410 ends it, and so does a call that was deleted: its callback is not delivered', async () => {
  const { to, outcomes } = callbacks(() => ({ ok: false, error: 'HTTP 410', gone: true, ms: 1 }));
  expect(await failureOf(to('a'))).toMatchObject({ type: 'callback_failed', nonRetryable: true });
  expect(await failureOf(to('deleted'))).toMatchObject({ type: 'callback_dropped', nonRetryable: true });
  expect(outcomes).toEqual(['failed', 'dropped']);
});

test('a callback of which nothing is known is pending for an hour, and unknown from then on', async () => {
  const missing = Object.assign(new Error('not found'), { code: 5, details: '', metadata: {} });
  const parts = { temporal: temporalOf(() => Promise.reject(missing)) };
  const known = new Callbacks(parts as never);
  const hourMs = 3_600_000;
  expect(await known.status('run', undefined, 99 * hourMs)).toBe('pending');
  expect(await known.status('run', hourMs, 2 * hourMs - 1)).toBe('pending');
  expect(await known.status('run', hourMs, 2 * hourMs)).toBe('unknown');
});
