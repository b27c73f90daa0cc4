/** What lists of calls can be asked for beyond the filter that Temporal understands, and how an indexed call meets it. */
import { allProjects, projectOf } from '../../domain/project.ts';
import { without } from '../../lib/without.ts';
import type { CallFilter } from '../calls/call-filter.ts';
import type { EndingIndex, IndexedCall, Order, Sort } from './ending-index.ts';

export interface CallSearch extends CallFilter {
  /** An agent that the call asked, as its first or as a fallback. */
  readonly asked?: string | undefined;
  /** Whether another agent answered than the one that the caller named. */
  readonly failedOver?: boolean | undefined;
  /** Whether a rerun of the failed call, or a rerun of that, was answered. */
  readonly resolved?: boolean | undefined;
  /** Members of the call's own metadata, as texts. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Text in the prompt, in upper or lower case. */
  readonly promptContains?: string | undefined;
}

/** The order of a list. Without a sort it is Temporal's if that can answer the search. */
export interface ListOrder {
  readonly sort?: Sort | undefined;
  readonly order: Order;
}

/** Returns the part of the search that Temporal's list filter can say. */
export function filterOf(search: CallSearch): CallFilter {
  return without(search, 'asked', 'failedOver', 'resolved', 'metadata', 'promptContains');
}

/** Whether calls are found only by their content. */
export function asksForContent({ metadata, promptContains }: CallSearch): boolean {
  return promptContains !== undefined || Object.keys(metadata ?? {}).length > 0;
}

/** Whether Temporal alone cannot answer the search. */
export function needsIndex(search: CallSearch): boolean {
  const { asked, failedOver, resolved } = search;
  return asked !== undefined || failedOver !== undefined || resolved !== undefined || asksForContent(search);
}

/** Whether a running call may match. */
export function mayRun({ status, errorType, answeredBy, failedOver, resolved }: CallSearch): boolean {
  const isOver = [errorType, answeredBy, failedOver, resolved].some((one) => one !== undefined);
  return !isOver && (status === undefined || status === 'running');
}

/** Whether the index cannot say if calls match, because it knows no sessions and users, nor older reruns. */
export function asksForRows({ session, user, rerunOf }: CallSearch): boolean {
  return session !== undefined || user !== undefined || rerunOf !== undefined;
}

/** Whether the call matches, apart from its session, its user, what it is a rerun of, and its content. */
export function meets(
  search: CallSearch,
  call: IndexedCall,
  endings: Pick<EndingIndex, 'isResolved'>,
): boolean {
  const { project, status, errorType, agent, answeredBy, since, until, text, asked, failedOver, resolved } =
    search;
  const is = (wanted: unknown, actual: unknown): boolean => wanted === undefined || wanted === actual;
  return (
    (project === allProjects || project === projectOf(call.callId)) &&
    is(status, call.status) &&
    is(errorType, call.errorType) &&
    is(agent, call.agent) &&
    is(answeredBy, call.answeredBy) &&
    (since === undefined || call.startedAt >= since.getTime()) &&
    (until === undefined || call.startedAt < until.getTime()) &&
    call.callId.startsWith(text ?? '') &&
    (asked === undefined || call.asked.includes(asked)) &&
    (failedOver === undefined || (call.status !== 'running' && failedOver === isFailover(call))) &&
    (resolved === undefined || (call.status === 'failed' && resolved === endings.isResolved(call.callId)))
  );
}

function isFailover({ agent, answeredBy }: IndexedCall): boolean {
  return answeredBy !== undefined && answeredBy !== agent;
}
