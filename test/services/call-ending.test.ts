/** How the last event of a call's history says that the call has ended. */
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { endOf, withSessionStored } from '../../src/services/calls/call-ending.ts';
import type { HistoryEvent } from '../../src/services/call-events/call-facts.ts';
import { msToTs } from '../../src/temporal-sdk/timestamps.ts';

const endedAt = Date.UTC(2026, 0, 1, 12, 0, 0, 345);
const at = (attributes: HistoryEvent) => endOf({ eventTime: msToTs(endedAt), ...attributes });
const payloads = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value)] });
const failure = (details: object) => ({ endedAt, failure: details });

const progress = { chain: ['echo'], attempts: [], queuedMs: 3 };

it('a completed call has its result, with a large answer as a reference', () => {
  const result = { ...progress, agentName: 'echo', response: { ref: 'calls/c/hash', bytes: 70_000 } };
  expect(at({ workflowExecutionCompletedEventAttributes: { result: payloads(result) } })).toEqual({
    endedAt,
    result,
  });
});

it.each([undefined, null, {}, { payloads: [] }])(
  'a call that completed without a result (%o), as somebody may let it in Temporal, has failed',
  (result) => {
    expect(
      at({ workflowExecutionCompletedEventAttributes: { ...(result !== undefined && { result }) } }),
    ).toEqual(
      failure({
        status: 'failed',
        errorType: 'internal',
        error: 'The call ended in a way that is not known',
      }),
    );
  },
);

it('a failed call has the type, the text and the attempts of its failure, and what its session stores', () => {
  const details = payloads({ ...progress, sessionStored: true });
  const attributes = {
    failure: { message: 'late', applicationFailureInfo: { type: 'deadline_exceeded', details } },
  };
  expect(at({ workflowExecutionFailedEventAttributes: attributes })).toEqual(
    failure({
      status: 'failed',
      errorType: 'deadline_exceeded',
      error: 'late',
      ...progress,
      sessionStored: true,
    }),
  );
});

it.each([
  ['no type', { message: 'broken', applicationFailureInfo: {} }, 'broken'],
  [
    'a type that is none of ours',
    { message: 'broken', applicationFailureInfo: { type: 'TypeError' } },
    'broken',
  ],
  ['nothing of its own', { terminatedFailureInfo: {} }, ''],
])('a failure with %s is internal', (_what, itsFailure, error) => {
  expect(at({ workflowExecutionFailedEventAttributes: { failure: itsFailure } })).toEqual(
    failure({ status: 'failed', errorType: 'internal', error }),
  );
});

it('a call that Temporal ended at its timeout has missed its deadline', () => {
  expect(at({ workflowExecutionTimedOutEventAttributes: {} })).toEqual(
    failure({ status: 'failed', errorType: 'deadline_exceeded', error: "The call's deadline passed" }),
  );
});

it('a cancelled call and a terminated one are cancelled', () => {
  const cancelled = { status: 'cancelled', errorType: 'cancelled' };
  expect(at({ workflowExecutionCanceledEventAttributes: {} })).toEqual(
    failure({ ...cancelled, error: 'The call was cancelled' }),
  );
  expect(
    at({ workflowExecutionTerminatedEventAttributes: { reason: 'by hand', identity: 'somebody' } }),
  ).toEqual(failure({ ...cancelled, error: 'The call was terminated' }));
});

it('a run that a reset terminated says that the call goes on in another', () => {
  const terminated = { workflowExecutionTerminatedEventAttributes: { identity: 'history-resetter' } };
  expect(at(terminated)).toMatchObject({ endedAt, byReset: true });
});

it.each([
  ['ends nothing', { workflowTaskCompletedEventAttributes: {} }],
  ['is the start', { workflowExecutionStartedEventAttributes: {} }],
  ['continues the call as new', { workflowExecutionContinuedAsNewEventAttributes: {} }],
])('an event that %s is no end', (_what, attributes) => {
  expect(at(attributes)).toBeUndefined();
});

describe('whether the session stores the turn of a call', () => {
  const cancelled = { status: 'cancelled', errorType: 'cancelled', error: 'The call was cancelled' } as const;
  const overdue = { status: 'failed', errorType: 'deadline_exceeded', error: 'late' } as const;
  const answered = { status: 'completed', ...progress, agentName: 'echo', response: 'answer' } as const;

  it("follows from the session's description, if the call itself has recorded nothing of it", () => {
    for (const ending of [answered, { ...cancelled, ...progress }]) {
      expect(withSessionStored(ending, true)).toEqual({ ...ending, sessionStored: true });
      expect(withSessionStored(ending, false)).toEqual({ ...ending, sessionStored: false });
      expect(withSessionStored(ending, undefined)).toBe(ending);
    }
  });

  it('is what the call has recorded, because it ended while it waited', () => {
    const waited = { ...cancelled, ...progress, sessionStored: false };
    expect(withSessionStored(waited, true)).toEqual(waited);
    expect(withSessionStored({ ...answered, sessionStored: true }, false)).toMatchObject({
      sessionStored: true,
    });
  });

  it('is not known of a call that Temporal ended while it waited', () => {
    for (const ending of [cancelled, overdue]) {
      const waited = { ...ending, ...progress, waitsForTurn: true } as const;
      expect(withSessionStored(waited, true)).toBe(waited);
      expect(withSessionStored(waited, false)).toBe(waited);
    }
  });

  it('is not known of a call that may have waited, because nobody could read how far it had come', () => {
    for (const ending of [cancelled, overdue]) expect(withSessionStored(ending, true)).toBe(ending);
    expect(withSessionStored({ ...cancelled, sessionStored: false }, true)).toMatchObject({
      sessionStored: false,
    });
  });
});
