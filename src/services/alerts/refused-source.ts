/** Whether this node refuses calls for lack of room. */
import { refusedCondition } from '../../domain/alert-conditions.ts';
import type { ConditionSource } from './reporter.ts';

interface Parts {
  /** Returns how many calls this node has refused since it started, by reason. */
  readonly counts: () => Promise<ReadonlyMap<string, number>>;
  readonly atLeast: number;
  /** Those of so long a time count, in ms. */
  readonly windowMs: number;
}

interface Sample {
  readonly at: number;
  readonly counts: ReadonlyMap<string, number>;
}

export function refusedSource({ counts, atLeast, windowMs }: Parts): ConditionSource {
  /** Oldest first. The first one is as old as the window, or of the start. */
  let samples: Sample[] = [{ at: -Infinity, counts: new Map() }];
  return {
    conditions: ['calls_refused'],
    async read(now) {
      samples.push({ at: now, counts: await counts() });
      const first = samples.findLastIndex(({ at }) => at <= now - windowMs);
      samples = samples.slice(Math.max(0, first));
      const [before, last] = [samples[0], samples.at(-1)];
      return [...(last?.counts ?? [])].flatMap(([reason, count]) => {
        const refused = count - (before?.counts.get(reason) ?? 0);
        return refusedCondition(reason, refused, { now, windowMs, atLeast }) ?? [];
      });
    },
  };
}
