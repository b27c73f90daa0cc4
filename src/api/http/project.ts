/** Finds out which project a request is about, and refuses what is not the sender's. */
import type { Request } from 'express';
import { allows } from '../../domain/api-key.ts';
import { invalid, Refusal } from '../../domain/failures.ts';
import { allProjects, defaultProject, projectName, projectOf } from '../../domain/project.ts';
import { noSuchBatch } from '../../services/reruns/batches.ts';
import { noSuchCall } from '../../services/calls/call-execution.ts';
import type { Access } from '../../services/keys/access.ts';
import type { Principal } from './auth.ts';
import type { Endpoint } from './endpoint.ts';

/** Names the project, for those who may name one. The query parameter `project` does the same, for links. */
export const projectHeader = 'Holdfast-Project';

/**
 * Returns the project that the request is about: the one that the id in its path belongs to, otherwise the one that it names,
 * otherwise the key's. What belongs to another project does not exist for the sender, so it is refused like what exists nowhere.
 */
export async function projectOfRequest(
  one: Pick<Endpoint, 'projects' | 'path' | 'refusals'>,
  request: Request,
  principal: Principal,
  access: Access,
): Promise<string> {
  const name = projectFor(one, request, principal);
  if (name === principal.project || name === allProjects) return name;
  // As with a full disk, deletions and cancellations are still accepted.
  await requireProject(access, name, { closed: !one.refusals.includes('disk_full') });
  return name;
}

/** Refuses a project that does not exist or, unless `closed` allows it, is closed. */
export async function requireProject(
  access: Access,
  name: string,
  { closed = false }: { readonly closed?: boolean } = {},
): Promise<void> {
  if (name === defaultProject) return;
  if (!access.project(name)) await access.refresh(); // Another node may have just created it.
  const project = access.project(name);
  if (!project) throw noSuchProject(name);
  if (project.closedAt !== undefined && !closed)
    throw new Refusal('project_closed', `Project '${name}' is closed and takes nothing new`);
}

function projectFor(
  { projects, path }: Pick<Endpoint, 'projects' | 'path'>,
  request: Request,
  principal: Principal,
): string {
  const named = namedProject(request);
  const mayNameAny = allows(principal.scopes, 'admin');
  if (projects === 'id') {
    const id = String(request.params['id']);
    const owner = projectOf(id);
    const means = named === allProjects && mayNameAny ? owner : (named ?? owner);
    if (means !== owner || (principal.project !== owner && !mayNameAny))
      throw path.startsWith('/api/vps/reruns/') ? noSuchBatch(id) : noSuchCall(id);
    return owner;
  }
  if (named === undefined || named === principal.project) return principal.project;
  if (!mayNameAny) throw noSuchProject(named);
  if (named === allProjects && projects !== 'any')
    throw invalid('project', `this takes one project, not '${allProjects}'`);
  return named;
}

export function noSuchProject(name: string): Refusal {
  return new Refusal('project_not_found', `Project '${name}' does not exist`);
}

function namedProject(request: Request): string | undefined {
  const inQuery = request.query['project'];
  const named = request.header(projectHeader) ?? inQuery;
  if (named === undefined) return undefined;
  if (typeof named !== 'string' || (named !== allProjects && !projectName.test(named)))
    throw invalid('project', `takes the name of one project (${projectName.source})`);
  if (inQuery !== undefined && inQuery !== named)
    throw invalid('project', `differs from the header ${projectHeader}`);
  return named;
}
