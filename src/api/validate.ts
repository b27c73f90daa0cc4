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
  throw new Refusal(
    'validation_failed',
    errors.map(({ field, message }) => `${field}: ${message}`).join('; '),
    {
      extra: { errors },
    },
  );
}

function fieldErrors(issue: z.core.$ZodIssue, where: string): { field: string; message: string }[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [...path, key].join('.'), message: 'unknown field' }));
  return [{ field: path.join('.') || where, message: issue.message }];
}
