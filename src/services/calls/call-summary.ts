/** A call's summary: its row in a list. Made from a visibility record or from a description, with the same result. */
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

/** What a list shows of a call. */
export interface CallSummary {
  readonly callId: string;
  readonly status: CallStatus;
  readonly agentAsked: string;
  /** Only of a completed call. */
  readonly answeredBy?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly errorType?: ErrorType;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly rerunOf?: string;
  /** Its place in a family of reruns. Absent in reruns that were made before there were families. */
  readonly rerun?: RerunMemo;
}

/** Makes the summary from Temporal's information about the workflow. */
export function summaryOf(info: Omit<WorkflowExecutionInfo, 'raw'>): CallSummary {
  const attributes = info.typedSearchAttributes;
  const status = callStatusOf(info.status.name);
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
    ...optional('rerun', (info.memo as { rerun?: RerunMemo } | undefined)?.rerun),
  };
}

/** The name that a search attribute stands for (domain/searchable.ts); undefined if the attribute is not set. */
export function nameIn(
  attributes: TypedSearchAttributes,
  attribute: keyof typeof searchAttributes,
): string | undefined {
  const kept = attributes.get(searchAttributes[attribute]);
  return kept === undefined ? undefined : nameOf(kept);
}

/**
 * The error type that the workflow recorded. If it recorded none because it did not run to its end, the status decides.
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
