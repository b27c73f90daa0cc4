import type { CallSummary } from '../../../src/contract/calls.ts';
import { CallTable } from '../calls/call-table.tsx';
import { pageLink } from '../links.ts';
import { Section } from '../ui/section.tsx';

interface LastFailuresProps {
  readonly calls: readonly CallSummary[];
  /** The agent that they named. */
  readonly agent?: string;
}

/** The last failed calls, with a link to all. */
export function LastFailures({ calls, agent }: LastFailuresProps) {
  return (
    <Section
      title={agent === undefined ? 'Last failed calls' : 'Last failed calls that named it'}
      aside={<a href={pageLink('/calls', { status: 'failed', agent })}>All failed calls</a>}
    >
      {calls.length === 0 ? (
        <p class="hint">No call has failed.</p>
      ) : (
        <CallTable calls={calls} label="Last failed calls" />
      )}
    </Section>
  );
}
