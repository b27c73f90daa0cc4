import { TypedSearchAttributes } from '@temporalio/common';
import type { CallInput } from '../../domain/call.ts';
import { searchable } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

/** What a call can be found by from its start on (call-filter.ts). */
export function callAttributes(input: CallInput): TypedSearchAttributes {
  const kept = (name: string | undefined) => (name === undefined ? null : searchable(name));
  return new TypedSearchAttributes(
    [
      { key: searchAttributes.agent, value: searchable(input.agentName) },
      { key: searchAttributes.answeredBy, value: searchable(input.agentName) },
      { key: searchAttributes.session, value: kept(input.sessionId) },
      { key: searchAttributes.user, value: kept(input.userId) },
      { key: searchAttributes.rerunOf, value: input.rerunOf ?? null },
    ].flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])),
  );
}
