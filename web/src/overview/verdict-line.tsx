import type { RangeName } from '../plots/range.tsx';
import { ranges } from '../plots/range.tsx';
import type { Verdict } from './verdict.ts';

const marks = { well: '✓', watch: '!', wrong: '✕' } as const;

/** The line at the top, from which one sees whether all is well. Screen readers announce a change. */
export function VerdictLine({ verdict, range }: { verdict: Verdict; range: RangeName }) {
  const { state, findings, summary } = verdict;
  const [first, ...others] = findings;
  return (
    <div class={`verdict verdict-${state}`} role="status">
      <span class="verdict-mark" aria-hidden="true">
        {marks[state]}
      </span>
      <div>
        <p class="verdict-line">
          <strong>{first ?? `All well: ${summary}`}</strong>
        </p>
        {others.length > 0 && (
          <ul>
            {others.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        )}
        <p>{first === undefined ? `In ${ranges[range].words}.` : `${summary}, in ${ranges[range].words}.`}</p>
      </div>
    </div>
  );
}
