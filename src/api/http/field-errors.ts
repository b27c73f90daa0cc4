/** What a refusal tells of wrong fields. It stays small whatever was sent: a body may hold millions of wrong members. */
import type { z } from 'zod';
import { maxFieldErrors, type FieldError } from '../../contract/problem.ts';

const maxPathLength = 300;

/** The outermost key first. */
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

/** `whole` is what is wrong where no field is. */
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
