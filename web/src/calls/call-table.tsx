import type { CallSummary } from '../../../src/contract/calls.ts';
import { duration } from '../format.ts';
import { useNow } from '../live/use-now.ts';
import { CallLink } from '../ui/call-link.tsx';
import { ErrorType, Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';

/** A table of calls. The durations of running calls are updated while the table is shown. */
export function CallTable({ calls, label }: { calls: readonly CallSummary[]; label: string }) {
  const now = useNow(
    calls.some((call) => call.status === 'running'),
    1_000,
  );
  return (
    <table class="list" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Call</th>
          <th scope="col">Agent</th>
          <th scope="col" class="wide">
            Session
          </th>
          <th scope="col" class="wide">
            User
          </th>
          <th scope="col">Started</th>
          <th scope="col" class="number wide">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <CallRow key={call.call_id} call={call} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function CallRow({ call, now }: { call: CallSummary; now: number }) {
  const { answered_by: answeredBy, asked } = call;
  const endedAt = call.ended_at === null ? now : Date.parse(call.ended_at);
  return (
    <tr>
      <td>
        <Status of={call.status} />
        {call.error_type !== null && call.error_type !== call.status && <ErrorType of={call.error_type} />}
      </td>
      <td>
        <CallLink id={call.call_id} />
        {call.rerun_of !== null && <span class="tag">rerun</span>}
      </td>
      <td class="name">
        {asked}
        {answeredBy !== null && answeredBy !== asked && (
          <span class="answered">
            <span aria-hidden="true">→ </span>
            <span class="visually-hidden">answered by </span>
            {answeredBy}
          </span>
        )}
      </td>
      <td class="wide name">{call.session_id ?? <None />}</td>
      <td class="wide name">{call.user_id ?? <None />}</td>
      <td>
        <Time at={call.started_at} />
      </td>
      <td class="number wide">{duration(Math.max(0, endedAt - Date.parse(call.started_at)))}</td>
    </tr>
  );
}

const None = () => <span class="none">–</span>;
