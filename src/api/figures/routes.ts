import { figuresAnswer, figuresQuery, maxDamagedFiles, maxFigureIntervals } from '../../contract/figures.ts';
import { invalid } from '../../domain/failures.ts';
import { stepFor, stepMs, type Step } from '../../domain/figures-step.ts';
import { iso, isoOrNull } from '../calls/wire.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { agentsToWire, figuresToWire } from './figures-wire.ts';

/** The endpoint that answers with figures of calls that have ended. */
export function figuresEndpoints({ figures, clock }: Pick<ApiDependencies, 'figures' | 'clock'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/figures',
      scope: 'read',
      projects: 'any',
      tag: 'operations',
      summary: 'How calls went, by interval',
      description:
        'Counts and percentiles of the calls that ended in each interval, kept longer than the calls. The newest minutes are missing until they are complete.',
      query: figuresQuery,
      answers: { 200: { description: 'Figures of the cluster', schema: figuresAnswer } },
      refusals: ['validation_failed', 'payload_store_unavailable'],
      handle: async ({ query, project }) => {
        const to = query.to === undefined ? clock.now() : Date.parse(query.to);
        const from = query.from === undefined ? to - stepMs.day : Date.parse(query.from);
        if (from >= to) throw invalid('from', 'must be before `to`');
        const step = query.step ?? stepFor(to - from);
        requireFewIntervals(step, from, to);
        const agentsByInterval = query.agents === 'true';
        const found = await figures.between({
          from,
          to,
          step,
          project,
          agent: query.agent,
          agentsByInterval,
        });
        return {
          status: 200,
          body: {
            from: iso(found.from),
            to: iso(found.to),
            step,
            complete_until: isoOrNull(found.completeUntil),
            damaged_files: found.damaged.slice(0, maxDamagedFiles),
            intervals: found.intervals.map((one) => ({
              from: iso(one.from),
              ...figuresToWire(one.figures),
              ...(agentsByInterval && { agents: agentsToWire(one.figures) }),
            })),
            total: { ...figuresToWire(found.total), agents: agentsToWire(found.total) },
          },
        };
      },
    }),
  ];
}

function requireFewIntervals(step: Step, from: number, to: number): void {
  const intervals = Math.ceil((to - from) / stepMs[step]);
  if (intervals <= maxFigureIntervals) return;
  const fix = step === 'day' ? 'a shorter range' : 'a longer step or a shorter range';
  throw invalid(
    'step',
    `${intervals} intervals of ${step === 'ten_minutes' ? 'ten minutes' : `a ${step}`} are more than ${maxFigureIntervals}: ask for ${fix}`,
  );
}
