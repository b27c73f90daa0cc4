import { z } from './zod.ts';

const maxIdLength = 128;

const printable = /^[^\p{Cc}\p{Cs}]*$/u;

/** Names and ids: any printable text, since clients of old sent any. */
export const id = z
  .string()
  .min(1)
  .max(maxIdLength)
  .regex(printable, 'no control characters')
  .refine((text) => text.trim() === text, 'no spaces at the ends')
  .openapi({ pattern: printable.source }); // By itself the generator would write the flags into it.

/** Why JSON with a member `__proto__` is refused: a parsed object would not have it as its own. */
export const noMemberName = 'no name of a member';

/**
 * The id of what a request creates. Clients drop `.` and `..` from a URL's path. An export has ids as member names, and
 * `__proto__` is none.
 */
export const newId = id
  .refine((text) => text !== '.' && text !== '..', "not '.' or '..', which no URL can hold")
  .refine((text) => text !== '__proto__', `not '__proto__', which is ${noMemberName}`);
