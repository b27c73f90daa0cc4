/** Whether too many calls fail, fail over or wait, from the figures by minute. */
import {
  errorRateConditions,
  failoverCondition,
  queueCondition,
  queueMs,
  ratesMs,
  ratesOf,
  type MinuteRates,
  type RateLimits,
} from '../../domain/alert-rates.ts';
import type { ReportedCondition } from '../../domain/alert.ts';
import { startsBetween, stepMs } from '../../domain/figures-step.ts';
import { allProjects } from '../../domain/project.ts';
import type { Agents } from '../agents/agents.ts';
import type { StoredFigures } from '../figures/figure-files.ts';
import type { Figures } from '../figures/figures.ts';
import type { ConditionSource } from './reporter.ts';

interface Parts {
  readonly figures: Pick<Figures, 'completeUntil' | 'minutes' | 'minute'>;
  readonly agents: Pick<Agents, 'list'>;
  readonly limits: RateLimits;
}

const fewMinutes = 5;

/** Each minute is read once, by the process that evaluates; one that takes over reads the last six hours. */
export class RateSource implements ConditionSource {
  readonly conditions = ['error_rate_high', 'failovers_high', 'queue_wait_high'] as const;
  private readonly parts: Parts;
  private minutes: MinuteRates[] = [];
  private newest: StoredFigures[] = [];
  private readUntil = 0;
  private last: readonly ReportedCondition[] = [];

  constructor(parts: Parts) {
    this.parts = parts;
  }

  async read(): Promise<readonly ReportedCondition[]> {
    const until = await this.parts.figures.completeUntil();
    if (until === undefined || until <= this.readUntil) return this.last;
    await this.readMinutes(until);
    const { agents, limits } = this.parts;
    const rows = this.newest.flatMap((minute) => minute.rows);
    this.last = [
      ...errorRateConditions(this.minutes, until, agents.list(allProjects), limits),
      ...[failoverCondition(this.minutes, until, limits), queueCondition(rows, until, limits)].filter(
        (one) => one !== undefined,
      ),
    ];
    return this.last;
  }

  private async readMinutes(until: number): Promise<void> {
    const from = Math.max(this.readUntil, until - ratesMs);
    const read = await this.between(from, until);
    const rates = read.map(({ at, rows }) => ratesOf(at, rows));
    this.minutes = [...this.minutes, ...rates].filter(({ at }) => at >= until - ratesMs);
    this.newest = [...this.newest, ...read].filter(({ at }) => at >= until - queueMs);
    this.readUntil = until;
  }

  /** Reads few minutes one by one: the other way reads all of their hour. */
  private async between(from: number, until: number): Promise<StoredFigures[]> {
    const { figures } = this.parts;
    const found: StoredFigures[] = [];
    if (until - from > fewMinutes * stepMs.minute) {
      for await (const minute of figures.minutes(from, until)) found.push(minute);
      return found;
    }
    for (const at of startsBetween('minute', from, until)) {
      const minute = await figures.minute(at);
      if (minute) found.push(minute);
    }
    return found;
  }
}
