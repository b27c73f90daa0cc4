/** Endpoints that silence alerts. */
import { z } from 'zod';
import { silence, silenceList, silenceRequest } from '../../contract/alerts.ts';
import { projectOfAlert } from '../../domain/alert.ts';
import { invalid, Refusal } from '../../domain/failures.ts';
import { allProjects, defaultProject } from '../../domain/project.ts';
import { nameOfActor } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { silenceToWire } from './alert-wire.ts';
import { refusedAlertChanges, refusedAlertReads } from './shared.ts';

const params = z.object({
  id: z.string().regex(/^[0-9a-z]{1,64}$/, 'small letters and digits: the list shows the ids'),
});
const path = '/api/vps/alerts/silences';
const maxAheadMs = 90 * 86_400_000;

export function silenceEndpoints({ alerts, clock }: Pick<ApiDependencies, 'alerts' | 'clock'>): Endpoint[] {
  const silencesOf = async (project: string) => {
    const { silences } = await alerts.read();
    const now = clock.now();
    return silences.filter(
      (one) => one.until > now && (project === allProjects || projectOfAlert(one) === project),
    );
  };
  return [
    endpoint({
      method: 'post',
      path,
      scope: 'operate',
      projects: 'one',
      tag: 'operations',
      summary: 'Silence alerts',
      description:
        "Keeps the project's alerts that match from being announced. One that is still active when the silence ends is announced then. That an announced alert is over is always sent.",
      body: silenceRequest,
      answers: { 201: { description: 'Created', schema: silence } },
      refusals: [...refusedAlertChanges, 'silences_full', 'disk_full'],
      handle: async ({ body, project, principal }) => {
        const now = clock.now();
        const { condition, agent, subject = agent, reason } = body;
        const until =
          body.until === undefined ? now + (body.for_seconds ?? 0) * 1_000 : Date.parse(body.until);
        if (until <= now) throw invalid('until', 'this time is over already');
        if (until > now + maxAheadMs) throw invalid('until', 'at most 90 days ahead');
        const created = await alerts.silence({
          ...(project !== defaultProject && { project }),
          ...(condition && { condition }),
          ...(subject !== undefined && { subject }),
          until,
          reason,
          by: nameOfActor(principal),
        });
        return { status: 201, body: silenceToWire(created) };
      },
    }),
    endpoint({
      method: 'get',
      path,
      scope: 'read',
      projects: 'any',
      tag: 'operations',
      summary: 'List silences',
      answers: { 200: { description: 'Those that have not ended, the oldest first', schema: silenceList } },
      refusals: refusedAlertReads,
      handle: async ({ project }) => {
        const all = await silencesOf(project);
        return { status: 200, body: { total: all.length, silences: all.map(silenceToWire) } };
      },
    }),
    endpoint({
      method: 'get',
      path: `${path}/{id}`,
      scope: 'read',
      projects: 'one',
      tag: 'operations',
      summary: 'Describe a silence',
      params,
      answers: { 200: { description: 'The silence', schema: silence } },
      refusals: [...refusedAlertReads, 'validation_failed', 'silence_not_found'],
      handle: async ({ params: { id }, project }) => {
        const found = (await silencesOf(project)).find((one) => one.id === id);
        if (!found)
          throw new Refusal('silence_not_found', `Silence '${id}' not found: GET ${path} lists them`);
        return { status: 200, body: silenceToWire(found) };
      },
    }),
    endpoint({
      method: 'delete',
      path: `${path}/{id}`,
      scope: 'operate',
      projects: 'one',
      tag: 'operations',
      summary: 'End a silence',
      description: 'What it has kept back and is still active is announced.',
      params,
      answers: { 204: { description: 'Ended' } },
      refusals: [...refusedAlertChanges, 'silence_not_found'],
      handle: async ({ params: { id }, project }) => {
        await alerts.unsilence(id, project);
        return { status: 204 };
      },
    }),
  ];
}
