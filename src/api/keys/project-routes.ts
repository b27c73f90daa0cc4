import { z } from 'zod';
import {
  newProjectName,
  project,
  projectChange,
  projectList,
  projectRequest,
  type Project,
} from '../../contract/projects.ts';
import { projectLimitsToWire, toLimits } from '../../contract/limits.ts';
import { allows } from '../../domain/api-key.ts';
import { defaultProject, type Project as KeptProject } from '../../domain/project.ts';
import { iso, isoOrNull } from '../calls/wire.ts';
import { actorOf } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { noSuchProject } from '../http/project.ts';

/** Temporal lists a workflow at most so long after its start, unless it is busy. */
const listedAfterMs = 3_000;
const params = z.object({ name: newProjectName });
const refusedChanges = ['unauthorized', 'scope_missing', 'shutting_down', 'temporal_unavailable'] as const;
const theDefault: Project = {
  name: defaultProject,
  status: 'open',
  limits: projectLimitsToWire(),
  created_at: null,
  closed_at: null,
};

/** Endpoints that create, list, describe and close projects. */
export function projectEndpoints({ access, reruns }: Pick<ApiDependencies, 'access' | 'reruns'>): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/api/vps/projects',
      scope: 'admin',
      tag: 'keys',
      summary: 'Create a project',
      description:
        'Calls, sessions, batches and Idempotency-Keys belong to a project. Its keys see nothing of other projects.',
      body: projectRequest,
      answers: { 201: { description: 'Created', schema: project } },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        ...refusedChanges,
        'project_exists',
        'projects_full',
        'disk_full',
      ],
      handle: async ({ body, principal }) => {
        const created = await access.createProject(body.name, actorOf(principal));
        return { status: 201, body: projectToWire(created) };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/projects',
      scope: 'read',
      tag: 'keys',
      summary: 'List projects',
      description: 'A key without the scope admin sees its own project only.',
      answers: { 200: { description: 'The oldest first', schema: projectList } },
      refusals: ['temporal_unavailable'],
      handle: async ({ principal }) => {
        await access.refresh();
        const all = [theDefault, ...access.projects().map(projectToWire)];
        const seesAll = allows(principal.scopes, 'admin');
        const projects = all.filter(({ name }) => seesAll || name === principal.project);
        return { status: 200, body: { total: projects.length, projects } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/projects/{name}',
      scope: 'read',
      tag: 'keys',
      summary: 'Describe a project',
      params,
      answers: { 200: { description: 'Open or closed', schema: project } },
      refusals: ['project_not_found', 'temporal_unavailable'],
      handle: async ({ params: { name }, principal }) => {
        if (name !== principal.project && !allows(principal.scopes, 'admin')) throw noSuchProject(name);
        if (name === defaultProject) return { status: 200, body: theDefault };
        await access.refresh();
        const found = access.project(name);
        if (!found) throw noSuchProject(name);
        return { status: 200, body: projectToWire(found) };
      },
    }),
    endpoint({
      method: 'patch',
      path: '/api/vps/projects/{name}',
      scope: 'admin',
      tag: 'keys',
      summary: 'Change the limits of a project',
      description: 'They are for all its keys together, and replace those before.',
      params,
      body: projectChange,
      answers: { 200: { description: 'Changed', schema: project } },
      refusals: [
        'invalid_json',
        'body_too_large',
        'unsupported_media_type',
        'validation_failed',
        ...refusedChanges,
        'project_not_found',
        'default_project',
        'disk_full',
      ],
      handle: async ({ params: { name }, body, principal }) => ({
        status: 200,
        body: projectToWire(await access.limitProject(name, toLimits(body.limits), actorOf(principal))),
      }),
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/projects/{name}/close',
      scope: 'admin',
      tag: 'keys',
      summary: 'Close a project for good',
      description:
        'Its keys open nothing from then on, and it takes nothing new; calls in flight end as they would, and batches start no more calls. What it has can still be read and deleted by those with the scope admin. Its name stays taken.',
      params,
      answers: { 200: { description: 'Closed', schema: project } },
      refusals: [...refusedChanges, 'project_not_found', 'default_project', 'last_admin_key'],
      handle: async ({ params: { name }, principal }) => {
        const closed = await access.closeProject(name, actorOf(principal));
        await reruns.batches.cancelAll(name); // If this fails, closing it again does it.
        // A batch of the last moments is listed only now.
        setTimeout(() => void reruns.batches.cancelAll(name).catch(() => undefined), listedAfterMs).unref();
        return { status: 200, body: projectToWire(closed) };
      },
    }),
  ];
}

function projectToWire({ name, createdAt, closedAt, limits }: KeptProject): Project {
  return {
    name,
    status: closedAt === undefined ? 'open' : 'closed',
    limits: projectLimitsToWire(limits),
    created_at: iso(createdAt),
    closed_at: isoOrNull(closedAt),
  };
}
