import type { ComponentChildren } from 'preact';
import type { CallDescription } from '../../../src/contract/calls.ts';
import { projectOf } from '../../../src/domain/project.ts';
import { who } from '../access/who.ts';
import { comparePage, sessionPage } from '../links.ts';
import { AgentLink } from '../ui/agent-link.tsx';
import { CallLink, shortId } from '../ui/call-link.tsx';
import { Metadata } from '../ui/metadata.tsx';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { UserLink } from '../ui/user-link.tsx';

/** The facts about a call: agents, times, session, user, reruns, metadata. */
export function CallFacts({ call }: { call: CallDescription }) {
  const project = projectOf(call.call_id);
  return (
    <dl class="facts">
      <Fact name="Asked">
        <AgentLink name={call.asked} />
        {call.passed_over.includes(call.asked) && <span class="tag">passed over: its circuit was open</span>}
      </Fact>
      {project !== who.value?.project && <Fact name="Project">{project}</Fact>}
      <Fact name="Answered by">
        {call.answered_by === null ? '–' : <AgentLink name={call.answered_by} />}
      </Fact>
      <Fact name="Started">
        <Time at={call.started_at} />
      </Fact>
      <Fact name="Ended">{call.ended_at === null ? '–' : <Time at={call.ended_at} />}</Fact>
      <Fact name="Deadline">{call.deadline_seconds} s</Fact>
      {call.session_id !== null && (
        <Fact name="Session">
          <a href={sessionPage(call.session_id)}>{call.session_id}</a>
          {call.session_stored === false && call.superseded_by === null && (
            <span class="tag">not stored: the session was deleted</span>
          )}
        </Fact>
      )}
      {call.user_id !== null && (
        <Fact name="User">
          <UserLink id={call.user_id} />
        </Fact>
      )}
      {call.callback !== null && (
        <Fact name="Callback">
          <Status of={call.callback} />
        </Fact>
      )}
      {call.rerun_of !== null && (
        <Fact name="Rerun of">
          <CallLink id={call.rerun_of} />{' '}
          <CompareLink id={call.rerun_of} other={call.call_id} shown={call.rerun_of} />
        </Fact>
      )}
      {call.superseded_by !== null && (
        <Fact name="Interrupted by">
          <CallLink id={call.superseded_by} />
        </Fact>
      )}
      {call.reruns.length > 0 && (
        <Fact name="Rerun as">
          {call.reruns.map((rerun) => (
            <span key={rerun.call_id} class="rerun">
              <CallLink id={rerun.call_id} /> <Status of={rerun.status} />
              <CompareLink id={call.call_id} other={rerun.call_id} shown={rerun.call_id} />
            </span>
          ))}
        </Fact>
      )}
      {call.metadata !== null && Object.keys(call.metadata).length > 0 && (
        <Fact name="Metadata">
          <Metadata of={call.metadata} />
        </Fact>
      )}
    </dl>
  );
}

/** A link to the comparison of a call with its rerun. `shown`: the one of the two whose page this is not. */
function CompareLink({ id, other, shown }: { id: string; other: string; shown: string }) {
  return (
    <a href={comparePage(id, other)} aria-label={`Compare with ${shortId(shown)}`}>
      Compare
    </a>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
