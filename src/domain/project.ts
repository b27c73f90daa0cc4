/**
 * Projects: what belongs to whom. An id says which project it belongs to, so that nothing has to be looked up. The ids of
 * `default` are as they were before projects existed.
 */

import type { Limits } from './limits.ts';

/** Has everything that names no project, and everything from before projects existed. It cannot be closed. */
export const defaultProject = 'default';

/** A project as the cluster keeps it. `default` is not kept: it always exists. */
export interface Project {
  readonly name: string;
  /** Epoch ms, as the other time. */
  readonly createdAt: number;
  /** Since then its keys open nothing and it takes nothing new. Its name stays taken. */
  readonly closedAt?: number;
  /** Of all its keys together. */
  readonly limits?: Limits;
}

/** Stands for every project in filters. No project has this name. */
export const allProjects = '*';

/**
 * A name of a project. It is part of ids, and people may give a call or batch by its workflow id, so a project is not called
 * like the beginning of one.
 */
export const projectName = /^(?!call-|rerun-batch-)[a-z][a-z0-9-]{0,39}$/;
/** Ids of calls and batches are random or hashes, which have no dot. */
const ofProject = /^([a-z][a-z0-9-]{0,39})\./;
/** Stands between the project and the session's id as its user knows it. Users' ids have no control characters. */
const divider = '\u001f';

/** Returns the id that a call or batch of the project has, for an id without the project. */
export function idIn(project: string, id: string): string {
  return project === defaultProject ? id : `${project}.${id}`;
}

/** Returns the project of a call or batch. */
export function projectOf(id: string): string {
  return ofProject.exec(id)?.[1] ?? defaultProject;
}

/**
 * Returns the id that the session `own` of the project has inside Holdfast: in workflows, search attributes, caches and stores.
 * Users of a project see `own`.
 */
export function sessionIn(project: string, own: string): string {
  return project === defaultProject ? own : project + divider + own;
}

/** Splits the id that a session has inside Holdfast. */
export function partsOfSession(sessionId: string): { readonly project: string; readonly own: string } {
  const at = sessionId.indexOf(divider);
  return at < 0
    ? { project: defaultProject, own: sessionId }
    : { project: sessionId.slice(0, at), own: sessionId.slice(at + 1) };
}

/** Returns the session's id as its users know it. */
export function ownSessionId(sessionId: string): string {
  return partsOfSession(sessionId).own;
}

const agentPrefix = 'project:';

/**
 * Returns the session id that agents get. They keep conversations of their own under it, so sessions of two projects must
 * differ. A session of `default` whose id looks like that of another project gets a prefix, too.
 */
export function sessionForAgents(sessionId: string): string {
  const { project, own } = partsOfSession(sessionId);
  return project === defaultProject && !own.startsWith(agentPrefix) ? own : `${agentPrefix}${project}/${own}`;
}
