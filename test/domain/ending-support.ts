import fc from 'fast-check';
import type { EndedAttempt, Ending } from '../../src/domain/ending.ts';
import { idIn } from '../../src/domain/project.ts';

let runs = 0;

/** An ending with a run id of its own: by default `a` answered within 100 ms, 80 ms of them itself. */
export function ending(more: Partial<Ending> = {}): Ending {
  const endedAt = more.endedAt ?? Date.UTC(2026, 10, 30, 8, 5, 10);
  return {
    callId: 'call',
    runId: `run-${(runs += 1)}`,
    agent: 'a',
    answeredBy: 'a',
    outcome: 'completed',
    startedAt: endedAt - 100,
    endedAt,
    queuedMs: 0,
    attempts: [{ agent: 'a', tries: 1, latencyMs: 80 }],
    ...more,
  };
}

const agents = fc.constantFrom('a', 'b', '10', 'c d');
const duration = fc.oneof(fc.nat(20), fc.nat(600_000), fc.double({ min: 0, max: 5_000, noNaN: true }));
const failed: fc.Arbitrary<EndedAttempt> = fc.record({
  agent: agents,
  errorType: fc.constantFrom('timeout', 'connection'),
  tries: fc.integer({ min: 1, max: 4 }),
  latencyMs: duration,
});

/** Any ending, of any of three projects. */
export const anyEnding: fc.Arbitrary<Ending> = fc
  .record({
    project: fc.constantFrom('default', 'crm', 'shop'),
    agent: agents,
    answeredBy: fc.option(agents),
    cancelled: fc.boolean(),
    failures: fc.array(failed, { maxLength: 3 }),
    queuedMs: duration,
    latencyMs: duration,
    overheadMs: duration,
    second: fc.nat(7_200),
  })
  .map(({ project, agent, answeredBy, cancelled, failures, queuedMs, latencyMs, overheadMs, second }) => {
    const startedAt = Date.UTC(2026, 10, 30, 8) + second * 1_000;
    const answered = answeredBy === null ? [] : [{ agent: answeredBy, tries: 1, latencyMs }];
    const attempts = [...failures, ...answered];
    const agentsMs = attempts.reduce((sum, one) => sum + one.latencyMs, 0);
    return ending({
      callId: idIn(project, 'call'),
      agent,
      startedAt,
      endedAt: startedAt + queuedMs + agentsMs + overheadMs,
      queuedMs,
      attempts,
      ...(answeredBy === null
        ? {
            answeredBy: undefined as never,
            outcome: cancelled ? 'cancelled' : 'failed',
            errorType: cancelled ? 'cancelled' : 'timeout',
          }
        : { answeredBy }),
    });
  });
