import type { LiveCalls } from '../../../src/contract/call-events.ts';
import type { CallsCovered } from '../../../src/contract/calls.ts';
import { plural } from '../format.ts';
import { Time } from '../ui/time.tsx';

const running: Readonly<Record<CallsCovered['running'], string>> = {
  all: 'and all running ones',
  newest: 'and the newest running ones',
  none: 'without running ones',
};

/** Says from which calls a filter or an order has taken its result. Nothing if from all of them. */
export function Covers({ of }: { of: CallsCovered | null | undefined }) {
  if (!of) return null;
  return (
    <p class="hint covers">
      {of.whole ? 'Of all ' : 'Of the newest '}
      {plural(of.calls, 'ended call')}
      {!of.whole && of.since !== null && (
        <>
          , all since <Time at={of.since} />
        </>
      )}
      {of.complete_until !== null && (
        <>
          , complete until <Time at={of.complete_until} />
        </>
      )}
      , {running[of.running]}
      {of.looked_at !== null && `; read the content of ${plural(of.looked_at, 'call')}`}.
    </p>
  );
}

/** From which calls the list was taken, and of how many calls the list and its counts have read the content. */
export function coversOf({ covers, counts }: LiveCalls): CallsCovered | null {
  const both = covers ?? counts.covers;
  return both && { ...both, looked_at: counts.covers?.looked_at ?? both.looked_at };
}
