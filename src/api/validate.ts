import type { z } from 'zod';
import { Refusal } from '../domain/failures.ts';

/** Throws the refusal `validation_failed` that names each field and what it takes. */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: 'body' | 'query' | 'path',
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => fieldErrors(issue, where));
  throw invalidFields(errors);
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export function invalidFields(errors: readonly FieldError[]): Refusal {
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new Refusal('validation_failed', detail, { extra: { errors } });
}

function fieldErrors(issue: z.core.$ZodIssue, where: string): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [...path, key].join('.'), message: 'unknown field' }));
  return [{ field: path.join('.') || where, message: issue.message }];
}
