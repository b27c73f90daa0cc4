/**
 * Which project the desk shows. The URL says it (`?project=`), so that links can be shared and the browser goes back and forward
 * through projects, too.
 */
import { allProjects, projectName, projectOf } from '../../../src/domain/project.ts';
import { may } from './may.ts';
import { who } from './who.ts';

/** The project that the URL names; `*` for all of them. Undefined: the one of the user's key. */
export function chosenProject(): string | undefined {
  const named = new URLSearchParams(location.search).get('project') ?? '';
  return named === allProjects || projectName.test(named) ? named : undefined;
}

/** Whether the desk shows all projects at once. Then it offers nothing that is about one project. */
export function showsAllProjects(): boolean {
  return chosenProject() === allProjects;
}

/** The project that the page is about: that of the call or batch whose page it is, otherwise the chosen one. */
export function pageProject(): string | undefined {
  const chosen = chosenProject();
  const [, id] = /^\/(?:calls|batches)\/([^/]+)/.exec(location.pathname) ?? [];
  if (id === undefined) return chosen;
  const owner = projectOf(id);
  return owner === (chosen ?? who.value?.project) ? chosen : owner;
}

/** The project that a request has to name. Only admins name one. */
export function projectToName(): string | undefined {
  return may('admin') ? pageProject() : undefined;
}
