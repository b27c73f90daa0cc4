/** Schemas of requests and answers about projects. */
import { projectName } from '../domain/project.ts';
import { isoTime } from './fields.ts';
import { projectLimits, projectLimitsRequest } from './limits.ts';
import type { AnswerOf, RequestOf } from './types-of.ts';
import { z } from './zod.ts';

/** The name of a project. */
export const newProjectName = z
  .string()
  .regex(projectName, 'a lower-case letter, then up to 39 lower-case letters, digits and hyphens');

/** The body of a new project. */
export const projectRequest = z.strictObject({ name: newProjectName }).openapi('ProjectRequest');

/** The body of a change of a project. */
export const projectChange = z.strictObject({ limits: projectLimitsRequest }).openapi('ProjectChange');

export const project = z
  .object({
    name: z.string(),
    status: z.enum(['open', 'closed']),
    limits: projectLimits.openapi({ description: 'Of all its keys together' }),
    created_at: isoTime.nullable().openapi({ description: 'null for `default`, which always exists' }),
    closed_at: isoTime.nullable(),
  })
  .openapi('Project');

export const projectList = z.object({ total: z.number().int(), projects: z.array(project) });

export type ProjectRequest = RequestOf<typeof projectRequest>;
export type Project = AnswerOf<typeof project>;
export type ProjectList = AnswerOf<typeof projectList>;
