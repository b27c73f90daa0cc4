/** The projects, shared by what shows them: the switch in the header, the form of a key, the page of the projects. */
import { signal } from '@preact/signals';
import type { Project } from '../../../src/contract/projects.ts';
import { api } from '../api.ts';

/** Empty until they are loaded. */
export const knownProjects = signal<readonly Project[]>([]);

export async function loadProjects(): Promise<readonly Project[]> {
  const { projects } = await api.projects();
  knownProjects.value = projects;
  return projects;
}
