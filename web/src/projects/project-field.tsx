import { defaultProject } from '../../../src/domain/project.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Field } from '../ui/field.tsx';
import { knownProjects, loadProjects } from './known-projects.ts';

interface ProjectFieldProps {
  readonly label: string;
  readonly hint: string;
  /** The project that is selected at first. */
  readonly selected: string | null | undefined;
  /** What is selected if no project is. Absent: a project must be selected. */
  readonly none?: string;
}

const isClosed = (project: string): boolean =>
  knownProjects.value.some(({ name, status }) => name === project && status === 'closed');

/** A field `project` that takes one of the open projects. */
export function ProjectField({ label, hint, selected, none }: ProjectFieldProps) {
  useLoaded('projects', loadProjects);
  const open = knownProjects.value.filter(({ status }) => status === 'open').map(({ name }) => name);
  const names = new Set([
    ...(open.length > 0 ? open : [defaultProject]),
    ...(selected != null && !isClosed(selected) ? [selected] : []),
  ]);
  return (
    <Field label={label} hint={hint}>
      <select name="project">
        {none !== undefined && <option value="">{none}</option>}
        {[...names].map((name) => (
          <option key={name} value={name} selected={name === selected}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}
