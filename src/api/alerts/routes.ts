/** Endpoints that list and acknowledge alerts. */
import { z } from 'zod';
import { acknowledgement, alert, alertCondition, alertList } from '../../contract/alerts.ts';
import { projectOfAlert, type AlertCondition } from '../../domain/alert.ts';
import { allProjects } from '../../domain/project.ts';
import { nameOfActor } from '../http/auth.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { alertToWire } from './alert-wire.ts';
import { refusedAlertChanges, refusedAlertReads } from './shared.ts';

const params = z.object({
  id: z.string().regex(/^[0-9a-z_-]{1,100}$/, 'small letters, digits, - and _: the list shows the ids'),
});

export function alertEndpoints({ alerts, clock }: Pick<ApiDependencies, 'alerts' | 'clock'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/alerts',
      scope: 'read',
      projects: 'any',
      tag: 'operations',
      summary: 'List alerts',
      description:
        'Those about the agents and webhooks of a project belong to it, all others to the project default. See docs/operations.md.',
      query: z.strictObject({
        state: z.enum(['active', 'resolved']).optional(),
        condition: alertCondition.optional(),
      }),
      answers: {
        200: { description: 'Active ones first, each group with the newest first', schema: alertList },
      },
      refusals: [...refusedAlertReads, 'validation_failed'],
      handle: async ({ query, project }) => {
        const { active, resolved, silences } = await alerts.read();
        const now = clock.now();
        const isOwn = (one: { readonly project?: string; readonly condition: AlertCondition }): boolean =>
          (project === allProjects || projectOfAlert(one) === project) &&
          (query.condition === undefined || one.condition === query.condition);
        const firing = active.filter(isOwn).toReversed();
        const over = resolved.filter(isOwn).toReversed();
        const shown = [
          ...(query.state === 'resolved' ? [] : firing),
          ...(query.state === 'active' ? [] : over),
        ];
        return {
          status: 200,
          body: {
            total: shown.length,
            active: firing.length,
            alerts: shown.map((one) => alertToWire(one, silences, now)),
          },
        };
      },
    }),
    endpoint({
      method: 'post',
      path: '/api/vps/alerts/{id}/acknowledge',
      scope: 'operate',
      projects: 'one',
      tag: 'operations',
      summary: 'Acknowledge an alert',
      description: 'Says who takes care of it. A later acknowledgement replaces an earlier one.',
      params,
      body: acknowledgement,
      bodyOptional: true,
      answers: { 200: { description: 'The alert', schema: alert } },
      refusals: [...refusedAlertChanges, 'alert_not_found'],
      handle: async ({ params: { id }, body: { note }, project, principal }) => {
        const by = nameOfActor(principal);
        const changed = await alerts.acknowledge({ id, project, by, note });
        const { silences } = await alerts.read();
        return { status: 200, body: alertToWire(changed, silences, clock.now()) };
      },
    }),
  ];
}
