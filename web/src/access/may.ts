/** Decides what the desk offers: only what the key may do. The node decides again, on each request. */
import { allows, mayCall, type Scope } from '../../../src/domain/api-key.ts';
import { defaultProject } from '../../../src/domain/project.ts';
import { who } from './who.ts';

/** Whether the user may do what needs the scope. */
export function may(scope: Scope): boolean {
  return allows(who.value?.scopes ?? [], scope);
}

/** Whether the user may run a call of the agent again. */
export function mayRerun(agent: string): boolean {
  return may('operate') && mayAsk(agent);
}

/** Whether the user may send a call to some agent and go to its page. */
export function mayCallAgain(agent: string | null): boolean {
  return may('call') && may('read') && (agent === null || mayAsk(agent));
}

/** Whether the user may start batches. Those may ask any agent, so a key for some agents starts none. */
export function mayStartBatches(): boolean {
  return may('operate') && who.value?.agents === null;
}

/** Whether the user may probe the agent and close its circuit: admins, and those of the project whose agent it is. */
export function mayTend(agent: { readonly project: string | null }): boolean {
  return may('admin') || (may('operate') && who.value?.project === (agent.project ?? defaultProject));
}

function mayAsk(agent: string): boolean {
  return mayCall(who.value?.agents ?? undefined, agent);
}
