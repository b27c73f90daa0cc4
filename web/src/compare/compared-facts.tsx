import type { ComponentChildren } from 'preact';
import type { Attempt, CallDescription } from '../../../src/contract/calls.ts';
import { ResolvedTag } from '../calls/resolved-tag.tsx';
import { duration, plural, words } from '../format.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { CallLink } from '../ui/call-link.tsx';
import { ErrorType, Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';

type ShownFact = readonly [
  name: string,
  of: (call: CallDescription) => ComponentChildren,
  same?: (call: CallDescription) => unknown,
];

const time = (ms: number | null): string => (ms === null ? '–' : duration(ms));

/** The facts: a name, what to show of a call, and what has to be equal in both calls, if that can be said. */
const facts: readonly ShownFact[] = [
  ['Call', ({ call_id: id }) => <CallLink id={id} />],
  ['Outcome', (call) => <Outcome of={call} />, ({ status, error_type }) => `${status} ${error_type ?? ''}`],
  ['Asked', ({ asked }) => <AgentLink name={asked} />, ({ asked }) => asked],
  [
    'Answered by',
    ({ answered_by: name }) => (name === null ? '–' : <AgentLink name={name} />),
    ({ answered_by: name }) => name,
  ],
  ['Chain', ({ chain }) => namesOf(chain), ({ chain }) => namesOf(chain)],
  ['Addresses', ({ chain }) => urlsOf(chain), ({ chain }) => urlsOf(chain)],
  [
    'Attempts',
    ({ attempts }) => <Attempts of={attempts} />,
    ({ attempts }) => attempts.map(attemptWords).join(),
  ],
  ['Started', ({ started_at: at }) => <Time at={at} />],
  ['Ended', ({ ended_at: at }) => (at === null ? '–' : <Time at={at} />)],
  ['Queued', ({ timings }) => time(timings.queued_ms)],
  ['First byte', ({ timings }) => time(timings.first_byte_ms)],
  ['Agents', ({ timings }) => time(timings.agent_ms)],
  ['Overhead', ({ timings }) => time(timings.overhead_ms)],
  ['Total', ({ timings }) => time(timings.total_ms)],
  ['Deadline', (call) => `${call.deadline_seconds} s`, (call) => call.deadline_seconds],
];

const namesOf = (chain: CallDescription['chain']): string => chain.map(({ name }) => name).join(' → ');
const urlsOf = (chain: CallDescription['chain']): string => chain.map(({ url }) => url).join(' → ');

interface ComparedFactsProps {
  readonly before: CallDescription;
  readonly after: CallDescription;
}

/** The facts of two calls, side by side. Roles are explicit because phones lay the table out as a grid. */
export function ComparedFacts({ before, after }: ComparedFactsProps) {
  return (
    <table class="compared" role="table" aria-label="Facts of both calls">
      <thead role="rowgroup" class="visually-hidden">
        <tr role="row">
          <th role="columnheader" scope="col">
            Fact
          </th>
          <th role="columnheader" scope="col">
            First call
          </th>
          <th role="columnheader" scope="col">
            Second call
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {facts.map(([name, of, same]) => (
          <tr key={name} role="row">
            <th role="rowheader" scope="row">
              {name}
              {same && same(before) !== same(after) && <span class="tag">differs</span>}
            </th>
            <td role="cell">{of(before)}</td>
            <td role="cell">{of(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Outcome({ of: call }: { of: CallDescription }) {
  return (
    <>
      <Status of={call.status} />
      {call.error_type !== null && call.error_type !== call.status && <ErrorType of={call.error_type} />}
      <ResolvedTag of={call.resolved} />
    </>
  );
}

function Attempts({ of }: { of: readonly Attempt[] }) {
  if (of.length === 0) return <>–</>;
  return (
    <ul>
      {of.map((attempt) => (
        <li key={attempt.agent}>{attemptWords(attempt)}</li>
      ))}
    </ul>
  );
}

function attemptWords({ agent, status, error_type: type, tries }: Attempt): string {
  const outcome = status === 'ok' ? 'answered' : type === null ? words(status) : words(type);
  return `${agent}: ${outcome}${status === 'skipped' ? '' : `, ${plural(tries, 'try', 'tries')}`}`;
}
