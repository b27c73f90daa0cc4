/** The body of every refusal: an RFC 9457 problem document. */
import type { AnswerOf } from './types-of.ts';
import { z } from './zod.ts';

/** Most entries of `errors` in one problem. Validation stops when it has found this many wrong fields. */
export const maxFieldErrors = 20;

const fieldError = z.object({ field: z.string(), message: z.string() });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    error_type: z.string(),
    errors: z.array(fieldError).optional(),
  })
  .openapi('Problem');

export type Problem = AnswerOf<typeof problem>;
export type FieldError = AnswerOf<typeof fieldError>;
