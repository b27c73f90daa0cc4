/** The limits of the sender's key and of the project: they may refuse requests, calls and agents. */
import { mayCall } from '../../domain/api-key.ts';
import type { Principal } from './auth.ts';
import type { Access } from '../../services/keys/access.ts';
import { Refusal } from '../../domain/failures.ts';
import type { Payer } from '../../services/calls/calls-in-flight.ts';
import type { Subject, Usage } from '../../services/keys/usage.ts';

export class Charges {
  private readonly usage: Usage;
  private readonly access: Access;

  constructor(usage: Usage, access: Access) {
    this.usage = usage;
    this.access = access;
  }

  /** Counts a request. Throws the refusal `limit_reached`. */
  request(principal: Principal): void {
    const { actor } = principal;
    if (actor.kind !== 'key' && actor.kind !== 'person') return;
    if (actor.kind === 'key') this.usage.used(actor.id);
    this.usage.request(this.subjectsOf(principal, principal.project));
  }

  /** Refuses an agent that the sender, or a call of the project, may not ask for. */
  requireAgent(principal: Principal, project: string, agent: string): void {
    requireAgent(principal.agents, agent, 'This API key');
    requireAgent(this.access.project(project)?.limits?.agents, agent, `The project '${project}'`);
  }

  /** Returns who pays for a call of the project. Undefined if nothing limits it. */
  forCall(principal: Principal, project: string): Payer | undefined {
    const subjects = this.subjectsOf(principal, project);
    return subjects.length === 0 ? undefined : this.usage.payer(subjects);
  }

  /** Refuses a batch of a sender who has limits: workers start its calls, and do not know who asked for them. */
  requireNoLimits(principal: Principal, project: string): void {
    const [limited] = this.subjectsOf(principal, project);
    if (limited)
      throw new Refusal(
        'batch_not_allowed',
        `A batch would not count against the limits of ${limited.name}: run the calls again one by one, or use a key without limits`,
      );
  }

  private subjectsOf({ actor, limits }: Principal, project: string): Subject[] {
    const ofProject = this.access.project(project)?.limits;
    const key = actor.kind === 'key' &&
      limits && { id: `key:${actor.id}`, name: `API key '${actor.id}'`, limits };
    const owner = ofProject && { id: `project:${project}`, name: `project '${project}'`, limits: ofProject };
    return [key, owner].filter(
      (one) => typeof one === 'object' && Object.keys(one.limits).length > 0,
    ) as Subject[];
  }
}

function requireAgent(patterns: readonly string[] | undefined, agent: string, who: string): void {
  if (mayCall(patterns, agent)) return;
  throw new Refusal('agent_not_allowed', `${who} may call ${shortList(patterns ?? [])}, not '${agent}'`);
}

function shortList(patterns: readonly string[]): string {
  const shown = patterns.slice(0, 5).map((one) => `'${one}'`);
  return [...shown, ...(patterns.length > 5 ? [`${patterns.length - 5} others`] : [])].join(', ');
}
