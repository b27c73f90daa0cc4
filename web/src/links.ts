/** The links of the desk. Each names the project that was chosen, so that it stays chosen. */
import { chosenProject, pageProject, projectToName } from './access/project.ts';
import { isDots, queryString, segment } from './urls.ts';

type Query = Readonly<Record<string, string | number | undefined>>;

/** Returns the URL of a page of the desk. */
export function pageLink(path: string, query: Query = {}, project = chosenProject()): string {
  return path + queryString({ ...query, project });
}

export const callPage = (id: string): string => pageLink(`/calls/${segment(id)}`);

/** Returns the URL of an agent's page. A name that is a dot segment, as old ones may be, goes into the query: no path has it. */
export function agentPage(name: string): string {
  return isDots(name) ? pageLink('/agent', { name }) : pageLink(`/agents/${segment(name)}`);
}

/** Returns the URL of the page that compares two calls. */
export const comparePage = (id: string, other: string): string =>
  pageLink(`/calls/${segment(id)}/compare/${segment(other)}`);

export const batchPage = (id: string): string => pageLink(`/batches/${segment(id)}`);

/** Returns the URL of a webhook's page. `query` filters its deliveries. */
export function webhookPage(id: string, query: Query = {}, project = chosenProject()): string {
  return pageLink(`/webhooks/${segment(id)}`, query, project);
}

/**
 * Returns the URL of a session's page. An id that is a dot segment is put into the query, because it cannot be part of a path.
 */
export function sessionPage(id: string, project = pageProject()): string {
  return isDots(id)
    ? pageLink('/session', { id }, project)
    : pageLink(`/sessions/${segment(id)}`, {}, project);
}

/** Returns the URL of something that the browser itself requests of the API: a download or a stream. */
export function apiLink(path: string): string {
  const project = projectToName();
  if (project === undefined) return `/api/vps${path}`;
  return `/api/vps${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ project })}`;
}
