/** The range of time of the plots. It is in the URL, so that a link shows the same. */
import { useLocation } from 'preact-iso/router';
import type { Step } from '../../../src/domain/figures-step.ts';
import { queryString } from '../urls.ts';

interface Range {
  readonly label: string;
  /** The range in a sentence: `of the last hour`. */
  readonly words: string;
  readonly ms: number;
  /** The length of its intervals: a plot has 60 to 170 of them. */
  readonly step: Step;
}

const hourMs = 3_600_000;
export const ranges = {
  '1h': { label: '1 h', words: 'the last hour', ms: hourMs, step: 'minute' },
  '24h': { label: '24 h', words: 'the last 24 hours', ms: 24 * hourMs, step: 'ten_minutes' },
  '7d': { label: '7 d', words: 'the last 7 days', ms: 7 * 24 * hourMs, step: 'hour' },
} as const satisfies Record<string, Range>;

export type RangeName = keyof typeof ranges;

/** The range that the URL names; the last hour if it names none. */
export function useRange(): RangeName {
  const named = useLocation().query['range'] ?? '';
  return Object.hasOwn(ranges, named) ? (named as RangeName) : '1h';
}

/** Links that choose the range. */
export function RangeTabs() {
  const { path, query } = useLocation();
  const current = useRange();
  return (
    <nav class="ranges" aria-label="Range of time">
      {(Object.keys(ranges) as RangeName[]).map((name) => (
        <a
          key={name}
          class="button"
          href={path + queryString({ ...query, range: name })}
          aria-current={name === current ? 'true' : undefined}
        >
          {ranges[name].label}
        </a>
      ))}
    </nav>
  );
}
