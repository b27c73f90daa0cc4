import { useLocation, useRoute } from 'preact-iso/router';
import type { Session } from '../../../src/contract/sessions.ts';
import { api } from '../api.ts';
import { queryString } from '../http.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Empty } from '../ui/empty.tsx';
import { LongText } from '../ui/long-text.tsx';
import { Loading } from '../ui/loading.tsx';
import { notify } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Time } from '../ui/time.tsx';
import { Transcript } from './transcript.tsx';

/** One session: its facts and messages. */
export function SessionPage() {
  const { params, query } = useRoute();
  const id = params['id'] ?? query['id'] ?? '';
  const { value, problem } = useLoaded(id, () => api.session(id));
  return (
    <Page
      title={`Session ${id}`}
      heading={
        <>
          Session <span class="mono call-id">{id}</span>
        </>
      }
      aside={value && <SessionActions session={value} />}
    >
      {!value && <Loading problem={problem} />}
      {value && <Facts session={value} />}
      {value?.messages.length === 0 && <Empty title="No messages yet" />}
      {value && value.messages.length > 0 && <Transcript messages={value.messages} />}
    </Page>
  );
}

function SessionActions({ session: { session_id: id } }: { session: Session }) {
  const { route } = useLocation();
  const remove = async (values: FormData): Promise<void> => {
    await api.removeSession(id, values.get('calls') === 'on');
    notify('The session was deleted');
    route('/sessions');
  };
  return (
    <>
      <a class="button" href={`/calls${queryString({ session: id })}`}>
        Its calls
      </a>
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
    </>
  );
}

function Facts({ session }: { session: Session }) {
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
        <dd>{session.messages.length}</dd>
      </div>
      {session.user_id !== null && (
        <div>
          <dt>User</dt>
          <dd>{session.user_id}</dd>
        </div>
      )}
      {Object.keys(session.metadata).length > 0 && (
        <div>
          <dt>Metadata</dt>
          <dd>
            <code>
              <LongText text={JSON.stringify(session.metadata)} label="The whole metadata" />
            </code>
          </dd>
        </div>
      )}
    </dl>
  );
}
