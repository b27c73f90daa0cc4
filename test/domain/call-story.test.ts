/** A call's list of events: their content, and that the list only grows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Try } from '../../src/domain/call.ts';
import {
  extendStory,
  isEnding,
  buildStory,
  type KnownAsk,
  type KnownCall,
  type StoryEvent,
} from '../../src/domain/call-story.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const iso = (seconds: number): string => new Date(start + seconds * 1_000).toISOString();
const failedTry = (attempt: number, seconds: number): Try => ({
  attempt,
  errorType: 'model_error',
  latencyMs: 500,
  at: iso(seconds),
});
const known = (more: Partial<KnownCall>): KnownCall => ({
  callId: 'c',
  startedAt: start,
  queued: false,
  asks: [],
  ...more,
});
const typesOf = (events: readonly StoryEvent[]) => events.map((one) => one.type);

describe('the story of a call', () => {
  it('begins with accepted, then queued and turn_granted if the call had to wait for its turn', () => {
    expect(buildStory(known({}))).toEqual([{ type: 'accepted', at: start }]);
    expect(typesOf(buildStory(known({ queued: true })))).toEqual(['accepted', 'queued']);
    const ask = { agent: 'a', scheduledAt: start + 7, tries: [] };
    expect(buildStory(known({ queued: true, asks: [ask] }))[2]).toEqual({
      type: 'turn_granted',
      at: start + 7,
    });
  });

  it('has the time of the next try with each failed try, planned or actual, but not with the last one', () => {
    const ask = { agent: 'a', scheduledAt: start, tries: [failedTry(1, 0)], lastError: 'HTTP 500' };
    const failure = (more: Partial<KnownAsk>) => buildStory(known({ asks: [{ ...ask, ...more }] }))[2];
    const failed = { type: 'attempt_failed', at: start + 500, agent: 'a', attempt: 1 };
    const why = { errorType: 'model_error', error: 'HTTP 500' };
    expect(failure({})).toEqual({ ...failed, ...why });
    expect(failure({ retryAt: start + 900 })).toEqual({ ...failed, ...why, retryAt: start + 900 });
    expect(failure({ openTryAt: start + 950 })).toMatchObject({ retryAt: start + 950 });
    const tries = [failedTry(1, 0), failedTry(2, 2)];
    expect(failure({ tries })).toEqual({
      ...failed,
      errorType: 'model_error',
      retryAt: start + 2_000,
    });
  });

  it('keeps the started try of an agent that waited for a slot, and ends it with no_slot', () => {
    const waiting = { agent: 'a', scheduledAt: start, tries: [], openTryAt: start + 5 };
    const unasked = { at: start + 900, errorType: 'no_slot' } as const;
    const over = { ...waiting, unasked, lastError: 'no slot' };
    const next = { agent: 'b', scheduledAt: start + 950, tries: [] };
    const told = buildStory(known({ asks: [waiting] }));
    const later = buildStory(known({ asks: [over, next] }));
    expect(later.slice(0, told.length)).toEqual(told);
    expect(later.slice(told.length)).toEqual([
      {
        type: 'attempt_failed',
        at: start + 900,
        agent: 'a',
        attempt: 1,
        errorType: 'no_slot',
        error: 'no slot',
      },
      { type: 'failover', at: start + 950, from: 'a', to: 'b', errorType: 'no_slot' },
    ]);
  });

  it('keeps what came before a wait for a paused agent, however often the call waited', () => {
    const unasked = (atMs: number) => ({ at: start + atMs, errorType: 'agent_paused' }) as const;
    const first = { agent: 'a', scheduledAt: start, tries: [], unasked: unasked(5), lastError: 'paused' };
    const tried = { agent: 'a', scheduledAt: start, tries: [failedTry(1, 1)], lastError: 'HTTP 500' };
    const failedOnce = { ...tried, retryAt: start + 2_900 };
    const again = { ...failedOnce, unasked: unasked(3_000), openTryAt: start + 2_900 };
    const last = { ...failedOnce, openTryAt: start + 9_000 };
    // The text of an earlier try's error is known only while its activity runs.
    const steps = [[first], [first, failedOnce], [first, again], [first, again, last]].map((asks) =>
      buildStory(known({ asks })).map((event) => ({ ...event, error: undefined })),
    );
    for (const [index, told] of steps.entries())
      expect(steps[index + 1]?.slice(0, told.length) ?? told).toEqual(told);
    const story = steps.at(-1) ?? [];
    expect(
      story.flatMap((event) => (event.type === 'attempt_failed' ? [[event.attempt, event.errorType]] : [])),
    ).toEqual([
      [1, 'agent_paused'],
      [1, 'model_error'],
      [2, 'agent_paused'],
    ]);
    expect(story.at(-1)).toMatchObject({ type: 'attempt_started', at: start + 9_000, attempt: 2 });
  });

  it('joins the schedulings of one agent whose worker died, and keeps the error of each try', () => {
    const first = { agent: 'a', scheduledAt: start, tries: [failedTry(1, 0)], lastError: 'stopped' };
    const again = { agent: 'a', scheduledAt: start, tries: [failedTry(1, 0), failedTry(2, 1)] };
    const next = { agent: 'b', scheduledAt: start + 2_000, tries: [] };
    const story = buildStory(known({ asks: [first, { ...again, lastError: 'last' }, next] }));
    expect(typesOf(story)).toEqual([
      'accepted',
      'attempt_started',
      'attempt_failed',
      'attempt_started',
      'attempt_failed',
      'failover',
    ]);
    expect(story[2]).toMatchObject({ error: 'stopped' });
    expect(story[4]).toMatchObject({ error: 'last' });
    expect(story[5]).toMatchObject({ from: 'a', to: 'b', at: start + 2_000, errorType: 'model_error' });
  });

  it('says of a try that was lost with its worker that the worker was lost', () => {
    const lost: Try = { attempt: 1, errorType: 'internal', lost: true, latencyMs: 0, at: iso(0) };
    const ask = { agent: 'a', scheduledAt: start, tries: [lost, failedTry(2, 10)], lastError: 'HTTP 500' };
    const errors = buildStory(known({ asks: [ask] })).flatMap((event) =>
      event.type === 'attempt_failed' ? [event.error] : [],
    );
    expect(errors).toEqual(['Its worker was lost', 'HTTP 500']);
  });

  it('has a failover with internal if an agent was given up without a try', () => {
    const asks = ['a', 'b'].map((agent) => ({ agent, scheduledAt: start, tries: [] }));
    expect(buildStory(known({ asks }))[1]).toMatchObject({ type: 'failover', errorType: 'internal' });
  });

  it('ends with the answer and its latency, with the failure, or with the cancellation', () => {
    const at = start + 3_000;
    const last = (ending: KnownCall['ending'] & object) => buildStory(known({ ending })).at(-1);
    expect(last({ type: 'answered', at, agent: 'a' })).toEqual({
      type: 'answered',
      at,
      agent: 'a',
      latencyMs: 3_000,
    });
    const failed = { type: 'failed', at, errorType: 'auth', error: 'no' } as const;
    expect(last(failed)).toEqual(failed);
    expect(last({ type: 'cancelled', at })).toEqual({ type: 'cancelled', at });
  });

  it('keeps the events already sent of a call that was terminated, appends its ending once, and nothing after it', () => {
    const told = buildStory(
      known({
        asks: [{ agent: 'a', scheduledAt: start, tries: [failedTry(1, 0)], openTryAt: start + 2_000 }],
      }),
    );
    const less = buildStory(
      known({
        asks: [{ agent: 'a', scheduledAt: start, tries: [], openTryAt: start }],
        ending: { type: 'cancelled', at: start + 3_000 },
      }),
    );
    const whole = extendStory(told, less);
    expect(whole).toEqual([...told, less.at(-1)]);
    expect(extendStory(whole, less)).toEqual(whole);
    expect(extendStory(told, told.slice(0, 2))).toEqual(told);
  });
});

/** A call at each moment that can be observed: tries start, fail and wait; then the next agent, then the end. */
function moments(failures: readonly number[], answered: boolean, queued: boolean): KnownCall[] {
  const seen: KnownCall[] = [known({ queued })];
  const done: KnownAsk[] = [];
  const see = (ask: KnownAsk): unknown => seen.push(known({ queued, asks: [...done, ask] }));
  failures.forEach((count, index) => {
    const ok = answered && index === failures.length - 1;
    const ask = { agent: `agent-${index}`, scheduledAt: start };
    const tries: Try[] = [];
    see({ ...ask, tries: [] });
    for (let attempt = 1; attempt <= count; attempt++) {
      see({ ...ask, tries: [...tries], openTryAt: start });
      const { errorType, ...good } = failedTry(attempt, attempt);
      tries.push(ok && attempt === count ? good : { ...good, ...(errorType && { errorType }) });
      see({ ...ask, tries: [...tries], retryAt: start, lastError: 'x' });
    }
    done.push({ ...ask, tries });
  });
  const at = start + 60_000;
  const ending = answered
    ? ({ type: 'answered', agent: 'z', at } as const)
    : ({ type: 'failed', errorType: 'model_error', error: 'x', at } as const);
  return [...seen, known({ queued, asks: done, ending })];
}

it('a later list begins with the events of every earlier one, so each event keeps its index and occurs once', () => {
  const agents = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(agents, fc.boolean(), fc.boolean(), (failures, answered, queued) => {
      const places = (call: KnownCall) =>
        buildStory(call).map((one) => [
          one.type,
          'agent' in one ? one.agent : '',
          'attempt' in one ? one.attempt : 0,
        ]);
      const all = moments(failures, answered, queued);
      const whole = places(all.at(-1) ?? known({}));
      for (const moment of all) expect(whole.slice(0, places(moment).length)).toEqual(places(moment));
      let told: StoryEvent[] = [];
      for (const moment of all) told = extendStory(told, buildStory(moment));
      expect(told).toHaveLength(whole.length);
      expect(told.filter(isEnding)).toHaveLength(1);
    }),
  );
});
