/** Schemas of query parameters: numbers, and the paging of lists. */
import { z } from './zod.ts';

/** A number as a query parameter, which arrives as text. `Number` alone would read a blank value as 0. */
export const numberInQuery = <S extends z.ZodNumber>(number: S) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text),
    number,
  );

const takesLimit = 'takes a whole number from 1 to 200';

/** How many items a page has if the query does not say so. */
export const defaultLimit = 50;
export const limitInQuery = numberInQuery(
  z.number(takesLimit).int(takesLimit).min(1, takesLimit).max(200, takesLimit),
);

/** Pagination of lists. */
export const cursorQuery = {
  cursor: z.string().max(4_096).optional().openapi({ description: 'next_cursor of the previous page' }),
  limit: limitInQuery.default(defaultLimit),
};
