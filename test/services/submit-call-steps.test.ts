/** What a request for a call asks of agents, sessions and Temporal, in which order, and what it leaves taken. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { CallInput } from '../../src/domain/call.ts';
import { Refusal } from '../../src/domain/failures.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import type { PayloadStore } from '../../src/payloads/payload-store.ts';
import { TextStore } from '../../src/payloads/text-store.ts';
import { CallsInFlight } from '../../src/services/calls/calls-in-flight.ts';
import {
  submitCall,
  type CallRequest,
  type SubmitDependencies,
} from '../../src/services/calls/submit-call.ts';

const request: CallRequest = {
  callId: 'c',
  fingerprint: 'f',
  agentName: 'registered',
  prompt: 'x',
  sessionId: 's',
  deadlineMs: 60_000,
};

type Refused = 'call_not_found' | 'temporal_unavailable' | 'disk_full';

/** What Temporal would say. */
interface World {
  /** This node saw a call of the id before. */
  known: boolean;
  /** What a look at the id finds, or why it does not. */
  look: object | Refused;
  /** What the session says of the turn. */
  turn: 'granted' | 'queued' | 'committed' | 'ignored';
  start: object | Refused;
}
const thereIsNone = 'call_not_found';
const there = (more: object = {}) => ({
  state: 'attached',
  sameRequest: true,
  status: 'running',
  sessionId: 's',
  life: 'of the call',
  ...more,
});
const hints = { holderId: 'c', historyLength: 4 };
/** What a request is told of the session of a call that it starts, or that exists. */
const session = (life: string) => ({ sessionId: 's', life });

describe('submitCall', () => {
  let asked: string[];
  let followed: object | undefined;
  let inFlight: CallsInFlight;
  beforeEach(() => {
    asked = [];
    followed = undefined;
    inFlight = new CallsInFlight();
  });

  const submit = (world: Partial<World>, more: Partial<CallRequest> = {}, maxCallsInFlight = 10) => {
    const { known = false, look = thereIsNone, turn = 'granted', start = { state: 'started' } } = world;
    const answer = (step: string, what: object | Refused) => () => {
      asked.push(step);
      return typeof what === 'string' ? Promise.reject(new Refusal(what, 'No')) : Promise.resolve(what);
    };
    const lookup = (_project: string, name: string) =>
      name === 'registered' ? { name, fallbackAgents: [], maxConcurrency: 10 } : undefined;
    const deps = {
      agents: {
        lookup,
        find: (project: string, name: string) => Promise.resolve(lookup(project, name)),
        isOfOther: () => false,
        pauseOf: () => undefined,
      },
      health: {
        order: (agents: unknown) => {
          asked.push('order');
          return { agents, passedOver: [], giveBack: () => asked.push('give back slot') };
        },
        release: () => asked.push('release slots'),
      },
      sessions: {
        openTurn: () => {
          asked.push('open turn');
          const isOpened = turn === 'granted' || turn === 'queued';
          return Promise.resolve(isOpened ? { turn: { state: turn, life: 'new' }, hints } : turn);
        },
        releaseTurn: answer('release turn', {}),
        settleTurn: answer('settle turn', {}),
        follow: ({ callId, turn: opened }: CallInput, given: unknown) => {
          asked.push('follow');
          followed = { callId, life: opened?.life, hints: given };
        },
      },
      calls: { isKnown: () => known, attach: answer('look', look), start: answer('start', start) },
      inFlight,
      starts: new Semaphore({ current: 10 }),
      limits: {
        maxChain: 10,
        maxCallsInFlight,
        startPatienceMs: 1_000,
        firstTaskWaitMs: 0,
        heartbeatTimeoutMs: 5_000,
      },
      texts: new TextStore({} as PayloadStore, 1_000),
    };
    return submitCall(deps as unknown as SubmitDependencies, { ...request, ...more });
  };
  const refusalOf = (submitted: Promise<unknown>) =>
    submitted.then(
      () => undefined,
      (error: unknown) => (error as Refusal).type,
    );

  it.each(['granted', 'queued'] as const)(
    'starts a new call with one turn (%s) and one start, counts it as in flight, and follows it to its end',
    async (turn) => {
      expect(await submit({ turn })).toEqual({ status: 'running', attached: false, session: session('new') });
      expect(asked).toEqual(['open turn', 'order', 'start', 'follow']);
      expect(followed).toEqual({ callId: 'c', life: 'new', hints });
      expect(inFlight.has('c')).toBe(true);
    },
  );

  it('opens no turn without a session', async () => {
    expect(await submit({}, { sessionId: undefined })).toEqual({ status: 'running', attached: false });
    expect(asked).toEqual(['order', 'start', 'follow']);
    expect(followed).toEqual({ callId: 'c' });
  });

  it('only describes a call that this node knows, with its end', async () => {
    const end = { endedAt: 1 };
    expect(await submit({ known: true, look: there({ status: 'completed', end }) })).toEqual({
      status: 'completed',
      attached: true,
      end,
      session: session('of the call'),
    });
    expect(asked).toEqual(['look', 'release slots']);
    expect(inFlight.size).toBe(0);
  });

  it.each([thereIsNone, 'temporal_unavailable'] as const)(
    'starts a call that this node knows where a look at it ends with %s',
    async (look) => {
      expect(await submit({ known: true, look })).toMatchObject({ status: 'running', attached: false });
      expect(asked).toEqual(['look', 'open turn', 'order', 'start', 'follow']);
    },
  );

  it('refuses another request with a known key without any further lookup', async () => {
    const refused = submit({ known: true, look: there({ sameRequest: false }) });
    expect(await refusalOf(refused)).toBe('idempotency_mismatch');
    expect(asked).toEqual(['look']);
  });

  it('attaches to a call that was accepted before its agent was removed', async () => {
    expect(await submit({ look: there() }, { agentName: 'removed' })).toEqual({
      status: 'running',
      attached: true,
      session: session('of the call'),
    });
    expect(asked).toEqual(['look']);
  });

  it("names no session for a repeat of a call without one, whatever the repeat's own is", async () => {
    const call = there({ sessionId: undefined, life: undefined });
    expect(await submit({ look: call }, { agentName: 'removed' })).toEqual({
      status: 'running',
      attached: true,
    });
  });

  it('refuses a new call to an agent that is not registered, and leaves nothing taken', async () => {
    expect(await refusalOf(submit({}, { agentName: 'removed' }))).toBe('agent_not_found');
    expect(await refusalOf(submit({}, { fallbackAgents: ['removed'] }))).toBe('validation_failed');
    expect(asked).toEqual(['look', 'look']);
    expect(inFlight.size).toBe(0);
  });

  it('refuses a call beyond the limit before any lookup, but admits a repeat of a running call', async () => {
    inFlight.add('other', 'registered', 60_000);
    expect(await refusalOf(submit({}, {}, 1))).toBe('overloaded');
    expect(asked).toEqual([]);
    expect(await submit({ start: there() }, { callId: 'other' }, 1)).toMatchObject({ attached: true });
  });

  it('returns the call that committed the turn, and takes no probe slot', async () => {
    const ended = there({ status: 'completed' });
    expect(await submit({ turn: 'committed', look: ended })).toMatchObject({
      status: 'completed',
      attached: true,
    });
    expect(asked).toEqual(['open turn', 'look', 'release slots']);
    expect(inFlight.size).toBe(0);
  });

  it('never starts a call again whose turn is committed', async () => {
    expect(await refusalOf(submit({ turn: 'committed' }))).toBe('idempotency_mismatch');
    expect(asked).toEqual(['open turn', 'look']);
    expect(inFlight.size).toBe(0);
  });

  it('looks for the call first if it does not want to wait: its session may have forgotten it', async () => {
    for (const whenBusy of ['reject', 'interrupt'] as const) {
      asked = [];
      expect(await submit({ look: there() }, { whenBusy })).toMatchObject({
        status: 'running',
        attached: true,
      });
      expect(asked).toEqual(['look']);
      asked = [];
      expect(await submit({}, { whenBusy })).toMatchObject({ attached: false });
      expect(asked).toEqual(['look', 'open turn', 'order', 'start', 'follow']);
    }
  });

  it('refuses a call that would have to wait although it does not want to, and gives its place back', async () => {
    expect(await refusalOf(submit({ turn: 'ignored' }, { whenBusy: 'reject' }))).toBe('session_busy');
    expect(asked).toEqual(['look', 'open turn', 'look', 'release turn']);
    expect(inFlight.size).toBe(0);
  });

  it('leaves the turn to the running call, which somebody else follows', async () => {
    expect(await submit({ start: there() })).toMatchObject({ status: 'running', attached: true });
    expect(asked).toEqual(['open turn', 'order', 'start', 'give back slot']);
    expect(inFlight.has('c')).toBe(true);
  });

  it.each(['running', 'failed'])(
    'gives back a turn of a %s call that belongs to another session',
    async (status) => {
      await submit({ start: there({ status, sessionId: 'another' }) });
      const releases = status === 'running' ? [] : ['release slots'];
      expect(asked).toEqual(['open turn', 'order', 'start', 'give back slot', ...releases, 'release turn']);
      expect(inFlight.has('c')).toBe(status === 'running');
    },
  );

  it('settles the turn of a call that has ended, because its session may not know how', async () => {
    await submit({ start: there({ status: 'completed' }) });
    expect(asked).toEqual(['open turn', 'order', 'start', 'give back slot', 'release slots', 'settle turn']);
    expect(inFlight.has('c')).toBe(false);
    asked = [];
    // Likewise if another request has started that call.
    const refused = submit({ start: there({ status: 'completed', sameRequest: false }) });
    expect(await refusalOf(refused)).toBe('idempotency_mismatch');
    expect(asked.at(-1)).toBe('settle turn');
  });

  it('gives back the turn of a call that was refused, and keeps that of one whose start is unclear', async () => {
    expect(await refusalOf(submit({ start: 'disk_full' }))).toBe('disk_full');
    expect(asked).toEqual(['open turn', 'order', 'start', 'give back slot', 'release turn']);
    asked = [];
    expect(await refusalOf(submit({ start: 'temporal_unavailable' }))).toBe('temporal_unavailable');
    expect(asked).toEqual(['open turn', 'order', 'start', 'give back slot']);
    expect(inFlight.size).toBe(0);
  });

  it('keeps the order of a chain that the caller lists', async () => {
    await submit({}, { fallbackAgents: ['registered'] });
    expect(asked).toEqual(['open turn', 'start', 'follow']);
  });

  it('counts a running call as in flight after a repeat of it was refused', async () => {
    inFlight.add('c', 'registered', 60_000);
    expect(await refusalOf(submit({ start: there({ sameRequest: false }) }))).toBe('idempotency_mismatch');
    expect(inFlight.has('c')).toBe(true);
  });
});
