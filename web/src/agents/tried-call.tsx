import { Outcome } from '../call/outcome.tsx';
import { useCall } from '../call/use-call.ts';
import { duration } from '../format.ts';
import { CallLink } from '../ui/call-link.tsx';
import { Loading } from '../ui/loading.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Status } from '../ui/status.tsx';

/** The call that was sent, live until it has ended. */
export function TriedCall({ id }: { id: string }) {
  const { call, problem } = useCall(id);
  if (!call) return <Loading problem={problem} />;
  return (
    <>
      <p class="actions" role="status">
        <Status of={call.status} />
        <CallLink id={id} />
        {call.timings.total_ms !== null && <span class="hint">{duration(call.timings.total_ms)}</span>}
      </p>
      {problem && <ProblemBox problem={problem} />}
      {call.status !== 'running' && <Outcome call={call} />}
    </>
  );
}
