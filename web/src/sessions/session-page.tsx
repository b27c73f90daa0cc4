import { useLocation, useRoute } from 'preact-iso/router';
import type { CallSummary } from '../../../src/contract/calls.ts';
import type { Message, SessionPage as SessionWithPage } from '../../../src/contract/sessions.ts';
import { may, mayCallAgain } from '../access/may.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { pageLink } from '../links.ts';
import { StreamBadge } from '../live/stream-badge.tsx';
import { AgentLink } from '../ui/agent-link.tsx';
import { CallLink } from '../ui/call-link.tsx';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Empty } from '../ui/empty.tsx';
import { LongText } from '../ui/long-text.tsx';
import { Loading } from '../ui/loading.tsx';
import { Metadata } from '../ui/metadata.tsx';
import { notify } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { UserLink } from '../ui/user-link.tsx';
import { ForkButton } from './fork-button.tsx';
import { OlderMessages } from './older-messages.tsx';
import { RegenerateButton } from './regenerate-button.tsx';
import { Transcript } from './transcript.tsx';
import { endsTurn, lastTurnOf } from './turns.ts';
import { useTranscript } from './use-transcript.ts';

/** One session: its facts and its newest messages, with older ones on scrolling up. */
export function SessionPage() {
  const { params, query } = useRoute();
  const id = params['id'] ?? query['id'] ?? '';
  const { session, problem, messages, hasOlder, loadOlder, running, state } = useTranscript(id);
  const total = session?.total_messages ?? messages.length;
  return (
    <Page
      title={`Session ${id}`}
      up={{ href: pageLink('/sessions'), label: 'Sessions' }}
      heading={
        <>
          Session <span class="mono call-id">{id}</span> <CopyButton text={id} about="the session id" />
        </>
      }
      aside={
        session && (
          <>
            <StreamBadge state={state} />
            <SessionActions session={session} />
          </>
        )
      }
    >
      {!session && <Loading problem={problem} />}
      {session && <Facts session={session} />}
      {session && problem && <ProblemBox problem={problem} />}
      {session && messages.length === 0 && <Empty title="No messages yet" />}
      {messages.length > 0 && (
        <OlderMessages
          key={id}
          first={total - messages.length}
          end={total}
          hasOlder={hasOlder}
          onOlder={loadOlder}
        >
          <Transcript messages={messages} total={total} actionsOf={session && actionsIn(session, messages)} />
        </OlderMessages>
      )}
      {running.length > 0 && <RunningCalls calls={running} />}
    </Page>
  );
}

/** The calls that the session waits for. */
function RunningCalls({ calls }: { calls: readonly CallSummary[] }) {
  return (
    <ul class="running-calls" aria-label="Running calls">
      {calls.map(({ call_id: id, asked }) => (
        <li key={id}>
          <Status of="running" /> <AgentLink name={asked} /> <CallLink id={id} />
        </li>
      ))}
    </ul>
  );
}

/** Returns what gives each message its buttons: a fork at the end of each turn, and a new answer for the last one. */
function actionsIn(session: SessionWithPage, messages: readonly Message[]) {
  const { session_id: id, total_messages: total } = session;
  const first = total - messages.length;
  const last = lastTurnOf(messages, total);
  return (number: number) => (
    <>
      {may('call') && endsTurn(messages, number - first) && <ForkButton sessionId={id} count={number + 1} />}
      {last && number === total - 1 && mayCallAgain(last.answeredBy) && (
        <RegenerateButton session={session} turn={last} />
      )}
    </>
  );
}

function SessionActions({ session: { session_id: id } }: { session: SessionWithPage }) {
  const { route } = useLocation();
  const remove = async (values: FormData): Promise<void> => {
    await api.removeSession(id, values.get('calls') === 'on');
    notify('The session was deleted');
    route(pageLink('/sessions'));
  };
  return (
    <>
      <a class="button" href={pageLink('/calls', { session: id })}>
        Its calls
      </a>
      {may('operate') && (
        <ConfirmButton
          label="Delete"
          title="Delete this session?"
          action="Delete the session"
          danger
          onConfirm={remove}
        >
          <p>Its messages are deleted for good. Calls in flight still end, but are not stored in it.</p>
          <label>
            <input type="checkbox" name="calls" /> Delete its ended calls too, with their prompts and answers
          </label>
        </ConfirmButton>
      )}
    </>
  );
}

function Facts({ session }: { session: SessionWithPage }) {
  return (
    <dl class="facts">
      <div>
        <dt>Created</dt>
        <dd>
          <Time at={session.created_at} />
        </dd>
      </div>
      <div>
        <dt>Last activity</dt>
        <dd>
          <Time at={session.last_activity} />
        </dd>
      </div>
      <div>
        <dt>Messages</dt>
        <dd>{session.total_messages}</dd>
      </div>
      {session.user_id !== null && (
        <div>
          <dt>User</dt>
          <dd>
            <UserLink id={session.user_id} />
          </dd>
        </div>
      )}
      {session.system !== undefined && (
        <div>
          <dt>System prompt</dt>
          <dd>
            <LongText text={session.system} label="The whole system prompt" />
          </dd>
        </div>
      )}
      {session.window && (
        <div>
          <dt>Window</dt>
          <dd>{windowWords(session.window)}</dd>
        </div>
      )}
      {Object.keys(session.metadata).length > 0 && (
        <div>
          <dt>Metadata</dt>
          <dd>
            <Metadata of={session.metadata} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function windowWords({ turns, characters }: NonNullable<SessionWithPage['window']>): string {
  const words = [];
  if (turns !== undefined) words.push(plural(turns, 'turn'));
  if (characters !== undefined) words.push(plural(characters, 'character'));
  return `at most ${words.join(' and ')}`;
}
