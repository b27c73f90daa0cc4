import { TypedSearchAttributes } from '@temporalio/common';
import type { CallInput } from '../../domain/call.ts';
import { defaultProject, projectOf } from '../../domain/project.ts';
import { searchable } from '../../domain/searchable.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';

/** Returns the value of the attribute `project` for a call or batch. Null for those of `default`. */
export function projectAttribute(id: string): string | null {
  const project = projectOf(id);
  return project === defaultProject ? null : project;
}

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
      { key: searchAttributes.project, value: projectAttribute(input.callId) },
    ].flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])),
  );
}
