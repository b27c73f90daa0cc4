/** Each check of the chaos suite finds a violation that was doctored into a sound run. */
import { describe, expect, it } from 'vitest';
import { checkAnswers, checkRecovery } from '../../chaos/checks/answers.ts';
import { checkDeadlines } from '../../chaos/checks/deadlines.ts';
import { checkEndedOnce } from '../../chaos/checks/ended-once.ts';
import { checkExecutions } from '../../chaos/checks/executions.ts';
import { checkTurns } from '../../chaos/checks/turns.ts';
import { turnGapHits } from '../../chaos/checks/turn-gap-hits.ts';
import type { CallFacts, CallView, StoredMessage } from '../../chaos/checks/evidence.ts';
import type { Removal } from '../../chaos/load/journal.ts';
import { doctor, evidenceOf, soundRun, withoutTurn, type Doctored } from './support.ts';

type Change = (run: Doctored) => void;

const violationsOf = (check: typeof checkTurns, change: Change = () => undefined): string => {
  const run = soundRun();
  change(run);
  return check(evidenceOf(run)).violations.join('\n');
};

const cleanup = (sentAt: number): Removal => ({
  withCalls: false,
  sentAt,
  until: sentAt + 100,
  done: true,
});
const deletion = (sentAt: number): Removal => ({ ...cleanup(sentAt), sessionId: 'shared' });

const firstRequest = (run: Doctored) => {
  const [request] = run.requests;
  if (!request) throw new Error('There is no request');
  return request;
};

describe('a sound run', () => {
  it.each([checkEndedOnce, checkExecutions, checkTurns])('%o finds nothing', (check) => {
    expect(violationsOf(check)).toBe('');
  });
});

describe('the check of I1 and I2', () => {
  const faults: [string, Change, RegExp][] = [
    ['an accepted call that is lost', ({ calls }) => calls.delete('two'), /#2 two: accepted and lost/],
    ['a call that ran twice', ({ calls }) => doctor(calls, 'two', { runs: 2 }), /two: ran 2 times/],
    ['a call that ended twice', ({ calls }) => doctor(calls, 'two', { endings: 2 }), /two: ended 2 times/],
    ['a call that never ended', ({ views }) => doctor(views, 'two', { status: 'running' }), /has not ended/],
    [
      'a cancellation that nobody asked for',
      ({ views }) => doctor(views, 'two', { status: 'cancelled' }),
      /cancelled, though nobody asked/,
    ],
    [
      'an ending that changed after it was reported',
      ({ views }) => doctor(views, 'two', { response: 'another' }),
      /#2 two: reported/,
    ],
    [
      'a refused call that ran all the same',
      (run) =>
        firstRequest(run).submissions.splice(0, 1, {
          facade: 'node',
          sentAt: 0,
          answeredAt: 1,
          outcome: 'refused',
          status: 429,
        }),
      /one: runs #1 hello, which was refused/,
    ],
    [
      'an unclear call that has not ended',
      (run) => {
        firstRequest(run).submissions.splice(0, 1, {
          facade: 'node',
          sentAt: 0,
          answeredAt: 1,
          outcome: 'unclear',
        });
        doctor(run.calls, 'one', { endings: 0 });
      },
      /one: its start was unclear, and it has not ended/,
    ],
  ];
  it.each(faults)('finds %s', (_, change, violation) => {
    expect(violationsOf(checkEndedOnce, change)).toMatch(violation);
  });

  it('accepts an unclear call that was never started', () => {
    const change: Change = (run) => {
      firstRequest(run).submissions.splice(0, 1, {
        facade: 'node',
        sentAt: 0,
        answeredAt: 1,
        outcome: 'unclear',
      });
      run.calls.delete('one');
      run.views.delete('one');
    };
    expect(violationsOf(checkEndedOnce, change)).toBe('');
  });
});

describe('the check of I3', () => {
  const wrong = (change: object): Change => {
    return ({ executions }) => {
      Object.assign(executions[0] ?? {}, change);
    };
  };
  const faults: [string, Change, RegExp][] = [
    [
      'more requests than tries on record',
      ({ views }) => doctor(views, 'three', { attempts: [{ agent: 'echo', tries: 1, errorType: null }] }),
      /three\/echo: asked 2 times, on record 1/,
    ],
    ['another key on a retry', wrong({ key: 'one-again/echo' }), /for a call that does not exist/],
    ['the key of another call', wrong({ key: 'two/echo' }), /two\/echo: was sent with another prompt/],
    ['the key of another agent', wrong({ agent: 'slow' }), /one\/echo: was sent to the agent slow/],
    ['no key at all', wrong({ key: '' }), /for a call that does not exist/],
    ['a request without its token', wrong({ tokenKnown: false }), /without the token/],
    ['an answer that no agent gave', wrong({ answer: 'echo other re' }), /one: no request got the answer/],
    [
      'an answer that was cut short',
      ({ views }) => doctor(views, 'one', { response: 'echo answer-of-one' }),
      /one: no request got the answer/,
    ],
  ];
  it('counts the requests that a lost workflow task may have sent', () => {
    const change: Change = ({ calls, views }) => {
      doctor(views, 'three', { attempts: [{ agent: 'echo', tries: 1, errorType: null }] });
      doctor(calls, 'three', { tasksLost: 1 });
    };
    expect(violationsOf(checkExecutions, change)).toBe('');
  });
  describe('of a call without attempts, whose version has no worker left', () => {
    const cancelled = { status: 'cancelled', success: null, response: null, errorType: 'cancelled' };
    const overdue = { ...cancelled, status: 'failed', success: false, errorType: 'deadline_exceeded' };
    const askedOnce = { firstTries: ['echo'], asks: [{ agent: 'echo', tries: 1 }] };
    const violationsOfThree = (
      view: Partial<CallView>,
      facts: Partial<CallFacts>,
      goneVersions = ['v1'],
    ): readonly string[] => {
      const run = soundRun();
      doctor(run.views, 'three', { ...view, attempts: [] });
      doctor(run.calls, 'three', { buildId: 'v1', ...facts });
      return checkExecutions(evidenceOf(run, { goneVersions })).violations;
    };
    const askedTwice = (onRecord: number): unknown[] => [
      expect.stringContaining(`three/echo: asked 2 times, on record ${onRecord}`),
    ];

    it.each([cancelled, overdue])(
      'accepts the requests that its history allows if it ended with $errorType',
      (view) => {
        expect(violationsOfThree(view, askedOnce)).toEqual([]);
        expect(violationsOfThree(view, askedOnce, ['v0'])).toEqual(askedTwice(0));
      },
    );
    it('accepts no more requests than its history allows', () => {
      expect(violationsOfThree(cancelled, { ...askedOnce, firstTries: [] })).toEqual(askedTwice(1));
    });
    it('does not count tries of another agent of its chain', () => {
      const other = { firstTries: ['slow', 'echo'], asks: [{ agent: 'slow', tries: 3 }] };
      expect(violationsOfThree(cancelled, other)).toEqual(askedTwice(1));
    });
    it('a succeeded call without attempts is still a violation', () => {
      expect(violationsOfThree({}, askedOnce)).toEqual(askedTwice(0));
    });
    it('a failed call without attempts is still a violation', () => {
      expect(violationsOfThree({ ...overdue, errorType: 'agent_error' }, askedOnce)).toEqual(askedTwice(0));
    });
  });
  it.each(faults)('finds %s', (_, change, violation) => {
    expect(violationsOf(checkExecutions, change)).toMatch(violation);
  });
});

describe('the check of I4', () => {
  const faults: [string, Change, RegExp][] = [
    ['a doubled turn', ({ messages }) => messages.push(...messages.slice(0, 2)), /one: its turn exists 2/],
    ['a lost turn', ({ messages }) => messages.splice(2, 2), /two: completed .*, but its turn is missing/],
    ['a lost answer', ({ messages }) => messages.splice(3, 1), /two: its message has no answer/],
    [
      'turns out of order',
      ({ messages }) => messages.push(...messages.splice(0, 2)),
      /granted turn 1, stands/,
    ],
    [
      'an order that is not that of acceptance',
      ({ messages, calls }) => {
        messages.push(...messages.splice(0, 2));
        doctor(calls, 'one', { turnNumber: 9 });
      },
      /#1 was accepted before #2 was sent, and comes after it/,
    ],
    [
      "another call's answer",
      ({ views }) => doctor(views, 'two', { response: 'another' }),
      /two: its turn holds echo answer-of-two re, it ended completed/,
    ],
    [
      'a failed call whose turn looks answered',
      ({ views }) => doctor(views, 'two', { status: 'failed', response: null }),
      /two: its turn holds .*, it ended failed/,
    ],
    [
      'a turn of a call that failed before it asked an agent and left no message',
      ({ messages, views, executions }) => {
        messages.splice(2, 2);
        executions.splice(1, 1);
        doctor(views, 'two', { status: 'failed', response: null, sessionStored: null });
      },
      /two: failed, but its turn is missing/,
    ],
    [
      'an ending that is lost',
      ({ messages }) => messages.splice(2, 2, { ...messages[2], failed: true, lost: true } as StoredMessage),
      /two: its ending or a text of it is lost/,
    ],
    [
      'a window without the turn before',
      ({ executions }) => {
        Object.assign(executions[1] ?? {}, { window: [] });
      },
      /two\/echo: its window has 0 turns, not the 1 before it/,
    ],
    [
      'a turn whose grant is not on record',
      (run) => withoutTurn(run, 'two'),
      /two: no record of when it was granted/,
    ],
  ];
  it.each(faults)('finds %s', (_, change, violation) => {
    expect(violationsOf(checkTurns, change)).toMatch(violation);
  });

  it('reports what a client saw: a read without the call whose answer it had', () => {
    const text = 'shared: two: had its answer, but node read the session without it (200)';
    const evidence = evidenceOf(soundRun(), { observedViolations: [{ row: 'I4', text }] });
    expect(checkTurns(evidence).violations).toEqual([text]);
  });

  it('finds that imported messages are lost, unless their session was removed since', () => {
    const sessionRecords = [{ id: 'shared', imported: ['before'] }];
    const faultsAfter = (...removals: Removal[]): string =>
      checkTurns(evidenceOf(soundRun(), { sessionRecords, removals })).violations.join('\n');
    expect(faultsAfter()).toMatch(/its imported messages are lost/);
    expect(faultsAfter(cleanup(-9_000))).toBe('');
  });
});

describe('removals of sessions', () => {
  // The three calls of the run ended at 500, 1500 and 2500 ms.
  const gone: Change = ({ messages, executions }) => {
    messages.splice(0, 4);
    Object.assign(executions[2] ?? {}, { window: [] });
    Object.assign(executions[3] ?? {}, { window: [] });
  };
  const faultsOf = (change: Change, ...removals: Removal[]): string => {
    const run = soundRun();
    change(run);
    return checkTurns(evidenceOf(run, { removals })).violations.join('\n');
  };

  it('explain that earlier turns are missing', () => {
    expect(faultsOf(gone, deletion(1_600))).toBe('');
    expect(faultsOf(gone, cleanup(1_600))).toBe('');
  });

  it.each<[string, Removal]>([
    ['was over before the call was sent', deletion(-20_000)],
    ['was over before the call ended, and was a cleanup', cleanup(1_200)],
    ['was of another session', { ...deletion(1_600), sessionId: 'another' }],
  ])('do not explain a missing turn if the deletion %s', (_what, removal) => {
    expect(faultsOf(gone, removal)).toMatch(
      /two: completed \(session_stored: true\), but its turn is missing/,
    );
  });

  it('explain that the turn of a call is missing if the session was deleted while the call ran; a cleanup never does', () => {
    expect(faultsOf(gone, deletion(1_200))).toBe('');
    expect(faultsOf(gone, cleanup(1_200))).toMatch(/two: completed .*, but its turn is missing/);
  });

  it('must leave no earlier turn once they were answered', () => {
    expect(faultsOf(() => undefined, deletion(1_600))).toMatch(
      /two: its turn still exists after the deletion/,
    );
    const unheard = { ...deletion(1_600), done: false };
    expect(faultsOf(() => undefined, unheard)).toBe('');
  });

  it('explain missing calls only if they include the calls', () => {
    const lost: Change = ({ calls, views }) => {
      calls.delete('two');
      views.delete('two');
    };
    const found = (withCalls: boolean): string => {
      const run = soundRun();
      lost(run);
      const evidence = evidenceOf(run, { removals: [{ ...deletion(1_600), withCalls }] });
      return [...checkEndedOnce(evidence).violations, ...checkExecutions(evidence).violations].join('\n');
    };
    expect(found(true)).toBe('');
    expect(found(false)).toMatch(/#2 two: accepted and lost/);
  });

  it('never explain that a call was refused because its session does not exist', () => {
    const run = soundRun();
    firstRequest(run).submissions.push({
      facade: 'node',
      sentAt: 0,
      answeredAt: 1,
      outcome: 'refused',
      status: 404,
      errorType: 'session_not_found',
    });
    expect(checkEndedOnce(evidenceOf(run, { removals: [cleanup(0)] })).violations).toEqual([
      expect.stringContaining('#1: was refused because its session does not exist'),
    ]);
  });
});

describe('the other checks', () => {
  it('find a status 500 and a fault without recovery', () => {
    const observedViolations = [{ row: 'answers', text: 'POST /api/vps/call: 500' }] as const;
    const faults = [{ kind: 'kill-node', what: 'kill -9 1', at: 1, moments: [], limitMs: 60_000 }];
    const evidence = evidenceOf(soundRun(), { observedViolations, faults });
    expect(checkAnswers(evidence, 1).violations).toHaveLength(1);
    expect(checkRecovery(evidence).violations).toEqual([expect.stringContaining('kill-node')]);
  });

  it('find a call that outlived its deadline', () => {
    const run = soundRun();
    expect(checkDeadlines(evidenceOf(run)).violations).toEqual([]);
    doctor(run.calls, 'two', { endedAt: 200_000 });
    expect(checkDeadlines(evidenceOf(run)).violations).toEqual([expect.stringContaining('two: ended')]);
  });

  it('find a call that reports a passed deadline before it has passed', () => {
    const run = soundRun();
    doctor(run.views, 'two', { status: 'failed', errorType: 'deadline_exceeded' });
    expect(checkDeadlines(evidenceOf(run)).violations).toEqual([
      expect.stringMatching(/two: reported after 500 ms that its deadline of 40000 ms/),
    ]);
  });

  it('count the calls whose facade was stopped between their turn and their start', () => {
    const run = soundRun();
    doctor(run.calls, 'one', { startedAt: 12_000 });
    doctor(run.calls, 'two', { startedAt: 900 });
    const turnsAsked = ['one', 'two', 'never'].map((callId) => ({ callId, at: 800 }));
    const faults = [{ kind: 'turn-gap', what: '', at: 0, moments: [1_000], limitMs: 60_000, recoveryMs: 1 }];
    const sessionFacts = new Map([['shared', { runs: [], turnsAsked, endingsTaken: [] }]]);
    expect(turnGapHits(evidenceOf(run, { faults, sessionFacts }))).toBe(2);
  });
});
