/** The chaos suite's checks of what sessions know of the endings of their calls, on doctored evidence. */
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { checkEndingGap, endingGapHits } from '../../chaos/checks/ending-gap-hits.ts';
import type { CallView } from '../../chaos/checks/evidence.ts';
import { callFactsOf, endingsTakenIn } from '../../chaos/checks/history-facts.ts';
import { checkStoredReports } from '../../chaos/checks/stored-reports.ts';
import type { Removal } from '../../chaos/load/journal.ts';
import { msToTs } from '../../src/temporal-sdk/timestamps.ts';
import { doctor, evidenceOf, soundRun, withoutTurn, type Doctored } from './support.ts';

describe('the check of session_stored', () => {
  // The call two was started at 1,000 ms and ended at 1,500 ms; its client had the answer at 2,100 ms.
  const removal = (sentAt: number, sessionId?: string): Removal => ({
    ...(sessionId !== undefined && { sessionId }),
    withCalls: false,
    sentAt,
    until: sentAt + 100,
    done: true,
  });
  const deletion = (sentAt: number): Removal => removal(sentAt, 'shared');
  const missing = (run: Doctored): void => {
    run.messages.splice(2, 2);
  };
  const told = (run: Doctored, sessionStored: boolean | null, to: 'call' | 'read' = 'call'): void => {
    Object.assign(run.requests[1]?.endings[0] ?? {}, { sessionStored, to });
  };
  const unsaid = (run: Doctored): void => doctor(run.views, 'two', { sessionStored: null });
  const faultsOf = (change: (run: Doctored) => void, ...removals: Removal[]): string => {
    const run = soundRun();
    change(run);
    return checkStoredReports(evidenceOf(run, { removals })).violations.join('\n');
  };

  it('finds nothing in a sound run', () => {
    expect(faultsOf(() => undefined)).toBe('');
  });

  it('finds a turn that is missing although its client was told true, unless the session was removed later', () => {
    const lost = (run: Doctored): void => {
      missing(run);
      unsaid(run);
    };
    const found = /shared: two: a client was told that the session stores its turn, which is missing/;
    expect(faultsOf(lost)).toMatch(found);
    expect(faultsOf(lost, deletion(1_200))).toMatch(found);
    expect(faultsOf(lost, deletion(1_600))).toBe('');
    expect(faultsOf(lost, removal(1_600))).toBe('');
  });

  it('finds a turn that is missing although the API says true in the end, whatever was removed', () => {
    expect(faultsOf(missing, deletion(1_600))).toMatch(
      /two: reports that the session stores its turn, which is missing/,
    );
  });

  it('finds a false that no removal explains: before the end only a deletion does, and for a read only that counts', () => {
    const gone =
      (to: 'call' | 'read') =>
      (run: Doctored): void => {
        missing(run);
        unsaid(run);
        told(run, false, to);
      };
    expect(faultsOf(gone('call'))).toMatch(/two: a client was told false, and nothing had removed/);
    expect(faultsOf(gone('call'), deletion(1_200))).toBe('');
    expect(faultsOf(gone('read'), deletion(1_200))).toBe('');
    // Removed between its end and the answer: nothing of it is left.
    expect(faultsOf(gone('call'), removal(1_600))).toBe('');
    expect(faultsOf(gone('read'), removal(1_600))).toMatch(/a client was told false/);
    expect(faultsOf(gone('call'), deletion(5_000))).toMatch(/a client was told false/);
  });

  it('finds a false, then or in the end, although the turn is there', () => {
    expect(faultsOf((run) => told(run, false), deletion(1_200))).toMatch(/is gone, but its turn exists/);
    const says = (run: Doctored): void => doctor(run.views, 'two', { sessionStored: false });
    expect(faultsOf(says, deletion(1_200))).toMatch(/is gone, but its turn exists/);
  });

  it('finds that nothing is said although nothing was removed; the answer to a call may have lacked it', () => {
    expect(faultsOf((run) => told(run, null))).toBe('');
    expect(faultsOf((run) => told(run, null, 'read'))).toMatch(/was told null/);
    expect(faultsOf(unsaid)).toMatch(/does not say whether the session stores its turn/);
  });

  it('accepts false for a call that was cancelled while it waited, and true only if it has its turn there', () => {
    const waited =
      (sessionStored: boolean) =>
      (run: Doctored): void => {
        missing(run);
        run.requests[1]?.endings.splice(0);
        const view = { status: 'cancelled', success: null, response: null, sessionStored } as const;
        doctor<CallView>(run.views, 'two', view);
        withoutTurn(run, 'two');
      };
    expect(faultsOf(waited(false))).toBe('');
    expect(faultsOf(waited(true))).toMatch(/stores its turn, which is missing/);
  });
});

describe('the endings that were unknown to their session when everything was killed', () => {
  const fault = { kind: 'ending-gap', what: '', at: 0, moments: [520], limitMs: 60_000, recoveryMs: 1 };
  const evidenceWith = (takenAt: number, kind = 'ending-gap', step = 'ending-gap') => {
    const turnsAsked = [{ callId: 'one', at: 0 }];
    const endingsTaken = [{ callId: 'one', at: takenAt }];
    const sessionFacts = new Map([['shared', { runs: [], turnsAsked, endingsTaken }]]);
    const requests = soundRun().requests.map((request) => ({ ...request, step }));
    return evidenceOf(soundRun(), { sessionFacts, requests, faults: [{ ...fault, kind }] });
  };

  it('are counted, and a run that hits none is a violation', () => {
    const hit = evidenceWith(9_000);
    const late = evidenceWith(510);
    expect([endingGapHits(hit), endingGapHits(late)]).toEqual([1, 0]);
    expect(endingGapHits(evidenceWith(9_000, 'kill-all'))).toBe(0);
    expect(checkEndingGap(hit)[0]?.violations).toEqual([]);
    expect(checkEndingGap(late)[0]?.violations).toHaveLength(1);
    // A cleanup has removed the sessions of the fault's own calls.
    expect(checkEndingGap(evidenceWith(510, 'ending-gap', 'call'))[0]?.violations).toEqual([]);
    expect(checkEndingGap(evidenceOf(soundRun()))).toEqual([]);
  });
});

describe('the facts of a history', () => {
  const payloads = (...values: unknown[]) => ({
    payloads: values.map((value) => defaultPayloadConverter.toPayload(value)),
  });
  const at = (seconds: number) => msToTs(seconds * 1_000);

  it('tell which endings a session was told by a signal, by a request for a turn, or has found', () => {
    const update = (name: string, ...args: unknown[]) => ({
      eventTime: at(2),
      workflowExecutionUpdateAcceptedEventAttributes: {
        acceptedRequest: { input: { name, args: payloads(...args) } },
      },
    });
    const events = [
      {
        eventTime: at(1),
        workflowExecutionSignaledEventAttributes: {
          signalName: 'commitTurn',
          input: payloads({ callId: 'one' }),
        },
      },
      update('openTurn', 'asks', 0, null, { taken: [{ callId: 'two' }], tellsEnding: true }),
      update('openTurn', 'asks'),
      update('settleTurn', { callId: 'three' }),
      {
        eventTime: at(3),
        markerRecordedEventAttributes: {
          details: { result: payloads({ state: 'ended', commit: { callId: 'four' } }) },
        },
      },
    ];
    expect(endingsTakenIn({ events })).toEqual([
      { callId: 'one', at: 1_000 },
      { callId: 'two', at: 2_000 },
      { callId: 'three', at: 2_000 },
      { callId: 'four', at: 3_000 },
    ]);
  });

  it('have no turn of a call that started so late that it had to ask again, unless it got one then', async () => {
    const turn = { state: 'granted', turnNumber: 7, grantedAt: 1_000, window: [] };
    const started = (seconds: number) => ({
      eventTime: at(seconds),
      workflowExecutionStartedEventAttributes: {
        input: payloads({ callId: 'one', prompt: 'hello', sessionId: 'shared', turn }),
      },
    });
    const asked = {
      eventTime: at(9),
      markerRecordedEventAttributes: { details: { result: payloads({ ...turn, turnNumber: 8 }) } },
    };
    const numberOf = async (...events: object[]): Promise<number | undefined> => {
      const ids = { callId: 'one', runId: 'run' };
      const load = (): Promise<string> => Promise.resolve('hello');
      return (await callFactsOf(ids, { events }, load)).turnNumber;
    };
    expect(await numberOf(started(2))).toBe(7);
    expect(await numberOf(started(8))).toBeUndefined();
    expect(await numberOf(started(8), asked)).toBe(8);
  });
});
