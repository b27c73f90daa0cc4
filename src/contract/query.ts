/** What the queries of several rooms take. */
import { z } from './zod.ts';

/** Of a query, where a number is text. `Number` alone would read an empty or blank one as 0. */
export const numberInQuery = <S extends z.ZodNumber>(number: S) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
    number,
  );

export const cursorQuery = {
  cursor: z.string().max(4_096).optional().openapi({ description: 'next_cursor of the page before' }),
  limit: numberInQuery(z.number('takes a whole number').int().min(1).max(200)).default(50),
};
