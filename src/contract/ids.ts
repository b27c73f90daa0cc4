import { z } from './zod.ts';

const maxIdLength = 128;

const printable = /^[^\p{Cc}\p{Cs}]*$/u;

/** An agent's name or an id. Any printable text is allowed, because clients of earlier versions may send it. */
export const id = z
  .string()
  .min(1)
  .max(maxIdLength)
  .regex(printable, 'no control characters')
  .refine((text) => text.trim() === text, 'no spaces at the ends')
  .openapi({ pattern: printable.source }); // The OpenAPI generator would write the pattern with its flags.

/**
 * The error text for a member `__proto__` of JSON. It is refused because code that copies members by assignment
 * (`copy[name] = value`) would set the copy's prototype instead.
 */
export const noMemberName = "not allowed as a member's name";

/**
 * The id of something that a request creates. `.` and `..` are refused because clients drop them from the path of a URL, and
 * `__proto__` because an export has ids as the names of members.
 */
export const newId = id
  .refine((text) => text !== '.' && text !== '..', "not '.' or '..', which no URL can hold")
  .refine((text) => text !== '__proto__', `not '__proto__', which is ${noMemberName}`);
