import { showsAllProjects } from '../access/project.ts';
import { api } from '../api.ts';
import { count } from '../format.ts';
import { sessionPage } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { opens } from '../ui/open-row.ts';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { UserLink } from '../ui/user-link.tsx';
import type { ListedSession } from './use-sessions.ts';

/** A table of sessions. A click on a row opens it. */
export function SessionTable({ sessions }: { sessions: readonly ListedSession[] }) {
  return (
    <table class="list sessions" aria-label="Sessions">
      <thead>
        <tr>
          <th scope="col">Session</th>
          <th scope="col" class="wide">
            User
          </th>
          <th scope="col" class="number">
            Messages
          </th>
          <th scope="col">Last activity</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((one) => (
          <Row key={`${one.project} ${one.session_id}`} session={one} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ session: { session_id: id, project, details } }: { session: ListedSession }) {
  const all = showsAllProjects();
  // A search by the beginning of the id finds only ids.
  const key = details === undefined && !all ? `details of ${id}` : '';
  const loaded = useLoaded(key, async () => (key === '' ? undefined : api.sessionPage(id)));
  const shown = details ?? loaded.value;
  return (
    <tr {...opens}>
      <td class="name" title={id}>
        <a href={all ? sessionPage(id, project) : sessionPage(id)} data-opens>
          {id} {all && <span class="tag">{project}</span>}
        </a>
        {details?.live === true && (
          <>
            {' '}
            <Status of="running">live</Status>
          </>
        )}
      </td>
      <td class="wide name">{shown?.user_id == null ? <None /> : <UserLink id={shown.user_id} />}</td>
      <td class="number">{shown ? count(shown.total_messages) : <None />}</td>
      <td>{shown ? <Time at={shown.last_activity} /> : <None />}</td>
    </tr>
  );
}

const None = () => <span class="none">–</span>;
