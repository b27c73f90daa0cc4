import { useLocation } from 'preact-iso/router';
import { may } from '../access/may.ts';
import { showsAllProjects } from '../access/project.ts';
import { apiLink, pageLink } from '../links.ts';
import { useKeptPlace } from '../live/use-kept.ts';
import { Empty } from '../ui/empty.tsx';
import { Field } from '../ui/field.tsx';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { ImportButton } from './import-button.tsx';
import { SessionTable } from './session-table.tsx';
import { useSessions } from './use-sessions.ts';

/** The list of sessions, with a search by the beginning of the id. */
export function SessionsPage() {
  const { query, route } = useLocation();
  const prefix = query['id'] ?? '';
  const { found, more, reload } = useSessions(prefix);
  useKeptPlace((found?.sessions.length ?? 0) > 0);
  return (
    <Page
      title="Sessions"
      aside={
        !showsAllProjects() && (
          <>
            <a class="button" href={apiLink('/sessions/export')} download>
              Export all
            </a>
            {may('operate') && <ImportButton onImported={reload} />}
          </>
        )
      }
    >
      <search class="filters">
        <Field label="Session id begins with">
          <input
            type="search"
            maxLength={128}
            autocomplete="off"
            spellcheck={false}
            value={prefix}
            onInput={(event) => route(pageLink('/sessions', { id: event.currentTarget.value }), true)}
          />
        </Field>
      </search>
      {!found && <Loading problem={undefined} />}
      {found?.problem && <ProblemBox problem={found.problem} />}
      {found && !found.problem && found.sessions.length === 0 && (
        <Empty title={prefix === '' ? 'No sessions yet' : 'No session id begins with this'}>
          A call with a session_id creates a session. A new session may take a second to appear here.
        </Empty>
      )}
      {found && found.sessions.length > 0 && <SessionTable sessions={found.sessions} />}
      {found && !found.done && (
        <div class="actions center">
          <button type="button" onClick={more}>
            {prefix === '' ? 'More sessions' : 'Search further'}
          </button>
        </div>
      )}
    </Page>
  );
}
