import type { z } from 'zod';
import { Refusal } from '../../domain/failures.ts';
import type { FieldError } from '../../contract/problem.ts';
import { issueErrors } from './field-errors.ts';

/**
 * Parses a value with a schema. Throws the refusal `validation_failed`, which names each invalid field and says what is
 * expected.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: 'body' | 'query' | 'path',
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidFields(issueErrors(parsed.error.issues, where));
}

/** Makes the refusal `validation_failed` for these fields. */
export function invalidFields(errors: readonly FieldError[]): Refusal {
  const detail = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new Refusal('validation_failed', detail, { extra: { errors } });
}
