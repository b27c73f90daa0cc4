import { api } from '../api.ts';
import { words } from '../format.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Loading } from '../ui/loading.tsx';
import { ErrorType } from '../ui/status.tsx';

/**
 * A table that compares the recorded attempts with what would happen to them under today's chain and health. No agent is asked
 * for it.
 */
export function WhatIfTable({ callId, wasRerun }: { callId: string; wasRerun: boolean }) {
  const { value, problem } = useLoaded(callId, () => api.whatIf(callId));
  if (!value) return <Loading problem={problem} />;
  const { before, after, changed } = value;
  // In the order asked, then the skipped agents.
  const asked = [
    ...before.attempts.filter(({ status }) => status !== 'skipped'),
    ...after.steps.filter(({ outcome }) => outcome !== 'skipped'),
  ];
  const agents = [...new Set([...asked, ...before.attempts, ...after.steps].map((one) => one.agent))];
  const then = new Map(before.attempts.map((one) => [one.agent, one]));
  const today = new Map(after.steps.map((one) => [one.agent, one]));
  return (
    <>
      <p>
        {after.next_agent === null ? (
          'No other agent would be asked.'
        ) : (
          <>
            <strong>{after.next_agent}</strong> would be asked next.
          </>
        )}{' '}
        <span class="hint">
          {after.reason}.{!changed && !wasRerun && ' Nothing has changed since.'}
        </span>
      </p>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">Then</th>
            <th scope="col">Today</th>
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <tr key={agent}>
              <td class="name" title={agent}>
                {agent}
              </td>
              <td>
                <Cell outcome={then.get(agent)?.status} errorType={then.get(agent)?.error_type} />
              </td>
              <td>
                <Cell outcome={today.get(agent)?.outcome} errorType={today.get(agent)?.error_type} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Cell({ outcome, errorType }: { outcome: string | undefined; errorType: string | null | undefined }) {
  if (outcome === undefined) return <span class="hint">not in the chain</span>;
  return (
    <>
      {errorType === 'cancelled' ? 'cancelled' : words(outcome)}{' '}
      {errorType != null && errorType !== 'cancelled' && <ErrorType of={errorType} />}
    </>
  );
}
