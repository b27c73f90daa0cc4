import type { CallSummary } from '../../../src/contract/calls.ts';
import { projectOf } from '../../../src/domain/project.ts';
import { pageProject, showsAllProjects } from '../access/project.ts';
import { duration } from '../format.ts';
import { sessionPage } from '../links.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { CallLink, shortId } from '../ui/call-link.tsx';
import { opens } from '../ui/open-row.ts';
import { ErrorType, Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { UserLink } from '../ui/user-link.tsx';
import { ResolvedTag } from './resolved-tag.tsx';
import type { Choice } from './use-choice.ts';

interface CallRowProps {
  readonly call: CallSummary;
  /** The current time (epoch ms), for the duration of a running call. */
  readonly now: number;
  readonly hasPrompts: boolean;
  /** Undefined if calls cannot be chosen. */
  readonly choice: Choice | undefined;
}

/** One call in the list. A click on the row opens it. */
export function CallRow({ call, now, hasPrompts, choice }: CallRowProps) {
  const { call_id: id, answered_by: answeredBy, asked } = call;
  const endedAt = call.ended_at === null ? now : Date.parse(call.ended_at);
  const took = call.duration_ms ?? Math.max(0, endedAt - Date.parse(call.started_at));
  const project = showsAllProjects() ? projectOf(id) : pageProject();
  return (
    <tr {...opens}>
      {choice && (
        <td class="choice">
          <input
            type="checkbox"
            aria-label={`Choose call ${shortId(id)}`}
            checked={choice.chosen.has(id)}
            onClick={(event) => choice.toggle(id, event.shiftKey)}
          />
        </td>
      )}
      <td>
        <Status of={call.status} />
        {call.error_type !== null && call.error_type !== call.status && <ErrorType of={call.error_type} />}
        <ResolvedTag of={call.resolved} />
      </td>
      <td>
        <CallLink id={id} opens />
        {call.rerun_of !== null && <span class="tag">rerun</span>}
      </td>
      <td class="name" title={asked}>
        <AgentLink name={asked} />
        {answeredBy !== null && answeredBy !== asked && (
          <span class="answered">
            <span aria-hidden="true">→ </span>
            <span class="visually-hidden">answered by </span>
            <AgentLink name={answeredBy} />
          </span>
        )}
      </td>
      {hasPrompts && (
        <td class="wide preview" title={call.prompt_preview ?? undefined}>
          {call.prompt_preview ?? <None />}
        </td>
      )}
      <td class="wider name" title={call.session_id ?? undefined}>
        {call.session_id === null ? (
          <None />
        ) : (
          <a href={sessionPage(call.session_id, project)}>{call.session_id}</a>
        )}
      </td>
      <td class="wider name">{call.user_id === null ? <None /> : <UserLink id={call.user_id} />}</td>
      <td>
        <Time at={call.started_at} />
      </td>
      <td class="wide">{call.ended_at === null ? <None /> : <Time at={call.ended_at} />}</td>
      <td class="number wide">{duration(took)}</td>
    </tr>
  );
}

const None = () => <span class="none">–</span>;
