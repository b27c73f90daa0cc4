/**
 * Makes the list of invalid fields in a refusal. The size of the list is bounded, because a body may contain millions of
 * invalid members.
 */
import type { z } from 'zod';
import { maxFieldErrors, type FieldError } from '../../contract/problem.ts';

const maxPathLength = 300;

/** Formats a path of keys, the outermost first. */
export function fieldPath(keys: Iterable<PropertyKey>): string {
  let path = '';
  let separator = '';
  for (const key of keys) {
    path += separator + String(key).slice(0, maxPathLength + 1);
    separator = '.';
    if (path.length > maxPathLength) return `${path.slice(0, maxPathLength)}...`;
  }
  return path;
}

/** Converts zod's issues to field errors. `whole` is the field name for an issue with the request as a whole. */
export function issueErrors(issues: readonly z.core.$ZodIssue[], whole: string): FieldError[] {
  return issues
    .slice(0, maxFieldErrors)
    .flatMap((issue) => fieldErrors(issue, whole))
    .slice(0, maxFieldErrors);
}

function fieldErrors(issue: z.core.$ZodIssue, whole: string): FieldError[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ field: fieldPath(issue.path) || whole, message: issue.message }];
  const unknown = issue.keys.slice(0, maxFieldErrors);
  return unknown.map((key) => ({ field: fieldPath([...issue.path, key]), message: 'unknown field' }));
}
