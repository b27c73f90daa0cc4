import type { CallSummary } from '../../../src/contract/calls.ts';
import { useNow } from '../live/use-now.ts';
import { CallRow } from './call-row.tsx';
import type { FilterInUse } from './filter.ts';
import { SortHeader } from './sort-header.tsx';
import type { Choice } from './use-choice.ts';

interface CallTableProps {
  readonly calls: readonly CallSummary[];
  readonly label: string;
  /** What the heads of columns sort. Without it they do not sort. */
  readonly use?: FilterInUse;
  /** Without it, or if it is undefined, calls cannot be chosen. */
  readonly choice?: Choice | undefined;
}

/** A table of calls. The durations of running calls are updated while the table is shown. */
export function CallTable({ calls, label, use, choice }: CallTableProps) {
  const now = useNow(
    calls.some((call) => call.status === 'running'),
    1_000,
  );
  const hasPrompts = calls.some((call) => call.prompt_preview !== undefined);
  return (
    <table class="list calls" aria-label={label}>
      <thead>
        <tr>
          {choice && (
            <td class="choice">
              <input
                type="checkbox"
                aria-label="Choose all calls shown"
                checked={choice.isAll}
                onClick={choice.toggleAll}
              />
            </td>
          )}
          <th scope="col">Status</th>
          <th scope="col">Call</th>
          <th scope="col">Agent</th>
          {hasPrompts && (
            <th scope="col" class="wide">
              Prompt
            </th>
          )}
          <th scope="col" class="wider">
            Session
          </th>
          <th scope="col" class="wider">
            User
          </th>
          <SortHeader use={use} by="started" label="Started" />
          <SortHeader use={use} by="ended" label="Ended" class="wide" />
          <SortHeader use={use} by="duration" label="Took" class="number wide" />
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <CallRow key={call.call_id} call={call} now={now} hasPrompts={hasPrompts} choice={choice} />
        ))}
      </tbody>
    </table>
  );
}
