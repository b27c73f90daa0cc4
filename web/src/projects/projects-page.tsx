import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Loading } from '../ui/loading.tsx';
import { Page } from '../ui/page.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { CreateProjectButton } from './create-project-button.tsx';
import { loadProjects } from './known-projects.ts';
import { ProjectCard } from './project-card.tsx';

/** The projects, with how many valid keys each has. */
export function ProjectsPage() {
  const { value, problem, reload } = useLoaded('projects', async () => {
    const [projects, { keys }] = await Promise.all([loadProjects(), api.keys()]);
    const valid = keys.filter(({ status }) => status === 'valid');
    return projects.map((project) => ({
      project,
      validKeys: valid.filter((key) => key.project === project.name).length,
    }));
  });
  const onChange = (): void => void reload();
  return (
    <Page title="Projects" aside={<CreateProjectButton onCreated={onChange} />}>
      {!value && <Loading problem={problem} />}
      {value && problem && <ProblemBox problem={problem} />}
      <div class="rows">
        {value?.map(({ project, validKeys }) => (
          <ProjectCard key={project.name} project={project} validKeys={validKeys} onChange={onChange} />
        ))}
      </div>
    </Page>
  );
}
