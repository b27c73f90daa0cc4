import { useLocation } from 'preact-iso/router';
import { allProjects } from '../../../src/domain/project.ts';
import { chosenProject } from '../access/project.ts';
import { who } from '../access/who.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { knownProjects, loadProjects } from '../projects/known-projects.ts';
import { queryString } from '../urls.ts';

/** Chooses the project that the desk shows. It is not there while there is only one. */
export function ProjectSwitch() {
  const { path, query, route } = useLocation();
  useLoaded('projects', loadProjects);
  const chosen = chosenProject() ?? who.value?.project ?? '';
  const known = knownProjects.value;
  if (known.length < 2 && chosen === who.value?.project) return null;
  // A page of one call, batch, session or webhook leads to the list: another project does not have it.
  const list = path.replace(/^\/(calls|batches|sessions?|webhooks)\b.*$/, (_all, kind: string) =>
    kind === 'session' ? '/sessions' : `/${kind}`,
  );
  const choose = (project: string): void => {
    const { id, ...kept } = query;
    route(list + queryString({ ...kept, ...(path === '/sessions' && { id }), project }));
  };
  const isListed = chosen === allProjects || known.some(({ name }) => name === chosen);
  return (
    <select
      class="project-switch"
      aria-label="Project"
      value={chosen}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {known.map(({ name, status }) => (
        <option key={name} value={name}>
          {status === 'closed' ? `${name} (closed)` : name}
        </option>
      ))}
      {!isListed && <option value={chosen}>{chosen}</option>}
      <option value={allProjects}>All projects</option>
    </select>
  );
}
