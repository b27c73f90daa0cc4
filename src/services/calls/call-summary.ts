/** Makes a call's summary, i.e. its row in a list. The result is the same from a visibility record and from a description. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { TypedSearchAttributes } from '@temporalio/common';
import type { ErrorType } from '../../domain/failures.ts';
import { isErrorType } from '../../domain/failures.ts';
import { callIdOf } from '../../domain/ids.ts';
import { nameOf } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { CallStatus } from './call-ending.ts';
import { callStatusOf } from './call-execution.ts';
import type { RerunMemo } from '../reruns/rerun-memo.ts';

/** The facts about a call that a list shows. */
export interface CallSummary {
  readonly callId: string;
  readonly status: CallStatus;
  readonly agentAsked: string;
  /** The agent that answered. Only a completed call has it. */
  readonly answeredBy?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly errorType?: ErrorType;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly rerunOf?: string;
  /**
   * The call's place in a family of reruns. Absent for calls that are no reruns, and for reruns from before families existed.
   */
  readonly rerun?: RerunMemo;
  /** The call that interrupted this one in its session. Only a cancelled call has it. */
  readonly supersededBy?: string;
  /** Set if it has a callback_url. */
  readonly callback?: true;
}

/** The summary of one run of a call. There is more than one run if somebody has reset it. */
export interface ListedRun extends CallSummary {
  readonly runId: string;
}

/** A call that a list has found. */
export interface FoundCall extends CallSummary {
  /** Whether a rerun of it, or a rerun of that, was answered. Absent unless it has failed. */
  readonly resolved?: boolean;
  /** The beginning of the prompt, in one line; null if it is lost. Absent if it was not asked for. */
  readonly promptPreview?: string | null;
}

/** Makes the summary from Temporal's information about the workflow. */
export function summaryOf(info: Omit<WorkflowExecutionInfo, 'raw'>): CallSummary {
  const attributes = info.typedSearchAttributes;
  const status = callStatusOf(info.status.name);
  const memo: { rerun?: RerunMemo; supersededBy?: string; callback?: true } = info.memo ?? {};
  return {
    callId: callIdOf(info.workflowId),
    status,
    agentAsked: nameIn(attributes, 'agent') ?? '',
    ...optional('answeredBy', status === 'completed' ? nameIn(attributes, 'answeredBy') : undefined),
    ...optional('sessionId', nameIn(attributes, 'session')),
    ...optional('userId', nameIn(attributes, 'user')),
    ...optional('errorType', errorTypeOf(info.status.name, attributes.get(searchAttributes.errorType))),
    startedAt: info.startTime,
    ...optional('endedAt', info.closeTime),
    ...optional('rerunOf', attributes.get(searchAttributes.rerunOf)),
    ...optional('rerun', memo.rerun),
    ...optional('supersededBy', memo.supersededBy),
    ...optional('callback', memo.callback),
  };
}

/** Returns the name that a search attribute stands for (domain/searchable.ts); undefined if the attribute is not set. */
export function nameIn(
  attributes: TypedSearchAttributes,
  attribute: keyof typeof searchAttributes,
): string | undefined {
  const kept = attributes.get(searchAttributes[attribute]);
  return kept === undefined ? undefined : nameOf(kept);
}

/**
 * Returns the error type that the workflow recorded. If it recorded none because it did not run to its end, the status decides.
 * call-filter.ts (`hasErrorType`) follows the same rule.
 */
function errorTypeOf(status: string, recorded: string | undefined): ErrorType | undefined {
  if (isErrorType(recorded)) return recorded;
  switch (status) {
    case 'TIMED_OUT':
      return 'deadline_exceeded';
    case 'CANCELLED':
    case 'TERMINATED':
      return 'cancelled';
    case 'FAILED':
      return 'internal';
    default:
      return undefined;
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
