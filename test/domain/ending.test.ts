import { expect, test } from 'vitest';
import type { Attempt, CallInput, Try } from '../../src/domain/call.ts';
import { agentsMsOf, askedIn, outcomeOf, waitForTurnMs } from '../../src/domain/ending.ts';

const tries: Try[] = [{ attempt: 1, latencyMs: 5, at: '2026-01-01T00:00:00.000Z' }];

test('an ending has the agents that were asked, without what they said', () => {
  const attempts: Attempt[] = [
    { agent: 'unknown', status: 'skipped', error: 'not registered' },
    { agent: 'down', status: 'failed', errorType: 'connection', error: 'a secret', tries, latencyMs: 7 },
    { agent: 'up', status: 'ok', tries, latencyMs: 5, waitedMs: 900 },
  ];
  expect(askedIn(attempts)).toEqual([
    { agent: 'down', errorType: 'connection', tries: 1, latencyMs: 7 },
    { agent: 'up', tries: 1, latencyMs: 5, waitedMs: 900 },
  ]);
  expect(agentsMsOf(askedIn(attempts))).toBe(7 + 5 + 900);
});

test('only a call that was queued has waited for its turn', () => {
  const granted = { state: 'granted', window: [] } as unknown as NonNullable<CallInput['turn']>;
  const queued = { state: 'queued' } as unknown as NonNullable<CallInput['turn']>;
  expect(waitForTurnMs({}, 30)).toBe(0);
  expect(waitForTurnMs({ turn: granted }, 30)).toBe(0);
  expect(waitForTurnMs({ turn: queued }, 30)).toBe(30);
});

test.each([
  [undefined, 'completed'],
  ['cancelled', 'cancelled'],
  ['auth', 'failed'],
] as const)('a call with the error type %s is %s', (errorType, outcome) => {
  expect(outcomeOf(errorType)).toBe(outcome);
});
