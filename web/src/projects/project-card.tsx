import type { Project } from '../../../src/contract/projects.ts';
import { defaultProject } from '../../../src/domain/project.ts';
import { who } from '../access/who.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { pageLink } from '../links.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { limitWords } from '../ui/limit-fields.tsx';
import { LimitsButton } from '../ui/limits-button.tsx';
import { notify } from '../ui/notice.tsx';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';

interface ProjectProps {
  readonly project: Project;
  readonly validKeys: number;
  readonly onChange: () => void;
}

/** One project: its state, limits and buttons. `default` takes no limits, and cannot be closed. */
export function ProjectCard(props: ProjectProps) {
  const { project, validKeys } = props;
  const { name } = project;
  return (
    <article class="panel" aria-label={name}>
      <div class="panel-head">
        <h2>{name}</h2>
        <Status of={project.status} />
      </div>
      <dl class="facts">
        <div>
          <dt>Valid keys</dt>
          <dd>{validKeys}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>{project.created_at === null ? 'always there' : <Time at={project.created_at} />}</dd>
        </div>
        {project.closed_at !== null && (
          <div>
            <dt>Closed</dt>
            <dd>
              <Time at={project.closed_at} />
            </dd>
          </div>
        )}
        <div class="broad">
          <dt>Limits, for all its keys together</dt>
          <dd>{limitWords(project.limits)}</dd>
        </div>
      </dl>
      <div class="actions">
        <a class="button" href={pageLink('/calls', {}, name)} aria-label={`Its calls, of ${name}`}>
          Its calls
        </a>
        {name !== defaultProject && project.status === 'open' && <Changes {...props} />}
      </div>
    </article>
  );
}

function Changes({ project: { name, limits }, validKeys, onChange }: ProjectProps) {
  const close = async (): Promise<void> => {
    await api.closeProject(name);
    notify(`The project ${name} is closed`);
    onChange();
  };
  return (
    <>
      <LimitsButton
        of={name}
        limits={limits}
        onSave={async (wanted) => {
          await api.limitProject(name, wanted);
          notify(`The limits of ${name} are changed`);
          onChange();
        }}
      />
      <ConfirmButton
        label="Close"
        about={name}
        title={`Close the project ${name}?`}
        action="Close the project"
        danger
        onConfirm={close}
      >
        <p>
          This is for good.{' '}
          {validKeys === 1 ? 'Its valid key opens' : `Its ${plural(validKeys, 'valid key')} open`} nothing
          from then on, and the project takes nothing new.
        </p>
        <p>
          Calls in flight end as they would. Admins can still read and delete what the project has. Its name
          stays taken.
        </p>
        {who.value?.project === name && (
          <p>
            <strong>Your own key is of this project, so this signs you out.</strong>
          </p>
        )}
      </ConfirmButton>
    </>
  );
}
