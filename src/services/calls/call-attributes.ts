import { TypedSearchAttributes } from '@temporalio/common';
import type { CallInput } from '../../domain/call.ts';
import { searchable } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

/** Returns the search attributes with which a call is started. call-filter.ts searches by them. */
export function callAttributes(input: CallInput): TypedSearchAttributes {
  const optional = (name: string | undefined) => (name === undefined ? null : searchable(name));
  return new TypedSearchAttributes(
    [
      { key: searchAttributes.agent, value: searchable(input.agentName) },
      { key: searchAttributes.answeredBy, value: searchable(input.agentName) },
      { key: searchAttributes.session, value: optional(input.sessionId) },
      { key: searchAttributes.user, value: optional(input.userId) },
      { key: searchAttributes.rerunOf, value: input.rerunOf ?? null },
    ].flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])),
  );
}
