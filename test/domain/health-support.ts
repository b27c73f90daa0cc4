import fc from 'fast-check';
import { errorTypes, failures, type ErrorType } from '../../src/domain/failures.ts';
import { newHealth, recordOutcome, type AgentHealth, type Outcome } from '../../src/domain/health.ts';

export const now = Date.UTC(2026, 0, 1);
export const minuteMs = 60_000;

export type Result = ErrorType | 'ok';
export const outcomeOf = (result: Result, at: number, probe = false): Outcome => ({
  callId: 'call',
  agent: 'agent',
  at,
  ...(result !== 'ok' && { errorType: result }),
  ...(probe && { probe }),
});
export function healthOf(outcomes: readonly Outcome[]): AgentHealth {
  const health = newHealth();
  for (const outcome of outcomes) recordOutcome(health, outcome);
  return health;
}
/** Outcomes of calls that end one millisecond apart, the last one at `now`. */
export const healthAfter = (...results: Result[]): AgentHealth =>
  healthOf(results.map((result, i) => outcomeOf(result, now - results.length + 1 + i)));
export const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

const result = fc.oneof({ weight: 3, arbitrary: fc.constant('ok' as const) }, fc.constantFrom(...errorTypes));
/** Outcomes up to 20 minutes old, in any order, because nodes report in batches. */
export const outcome = fc
  .tuple(result, fc.integer({ min: 0, max: 20 * minuteMs }), fc.boolean())
  .map(([what, age, probe]) => outcomeOf(what, now - age, probe));
export const history = fc.array(outcome, { maxLength: 150, size: 'max' });

export const counts = ({ errorType }: Outcome): boolean =>
  errorType === undefined || failures[errorType].health !== 'ignored';
export const failed = ({ errorType }: Outcome): boolean => errorType !== undefined;
