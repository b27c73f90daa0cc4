/**
 * Bounds against which a body is checked first, before a hostile body reaches code that it could slow down, or whose stack it
 * could overflow.
 */
import { sizeAsJson } from '../domain/json-bytes.ts';
import { maxFieldErrors } from './problem.ts';
import { z } from './zod.ts';

const maxMetadataDepth = 32;

/**
 * Returns arguments for `refine` that refuse a value of more than `levels` levels. This keeps the value away from recursive
 * code such as JSON.stringify.
 */
export const noDeeperThan = (levels: number) =>
  [
    (value: unknown) => !deeperThan(value, levels),
    { error: `at most ${levels} levels`, abort: true },
  ] as const;

/**
 * Wraps `schema` so that a value of more than `maxBytes` as JSON is refused before `schema` parses it. Parsing takes seconds
 * for millions of members.
 */
export const noLargerThan = <S extends z.ZodType>(maxBytes: number, schema: S) =>
  z.preprocess((value, context) => {
    if (sizeAsJson(value) > maxBytes) context.addIssue(`at most ${maxBytes} bytes as JSON`);
    return value;
  }, schema);

/** Metadata of a call or session: any JSON object up to 32 levels deep. */
export const metadataRecord = z.record(z.string(), z.unknown()).refine(...noDeeperThan(maxMetadataDepth));

/**
 * Makes the schema of a list of 1 to `max` elements. A longer one is refused before its elements are parsed, since the issues of
 * millions of them would not fit into memory.
 */
export const shortListOf = <S extends z.ZodType>(max: number, element: S) =>
  z.preprocess((value, context) => {
    if (Array.isArray(value) && value.length > max) context.addIssue(`at most ${max} elements`);
    return value;
  }, z.array(element).min(1).max(max));

/**
 * Like z.array(), but stops after `maxFieldErrors` issues. The issues of millions of wrong elements would not fit into memory.
 */
export function listOf<S extends z.ZodType>(element: S) {
  return z.array(z.unknown()).transform((list, context) => {
    const elements: z.output<S>[] = [];
    for (const [index, one] of list.entries()) {
      const parsed = element.safeParse(one);
      if (parsed.success) elements.push(parsed.data);
      else
        for (const issue of parsed.error.issues)
          context.issues.push({ ...issue, path: [index, ...issue.path] } as z.core.$ZodRawIssue);
      if (context.issues.length >= maxFieldErrors) break;
    }
    return elements;
  });
}

/**
 * Whether `value` nests more than `levels` deep. It is iterative, because a hostile body may be nested deeper than the stack.
 */
function deeperThan(value: unknown, levels: number): boolean {
  let layer: unknown[] = [value];
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth > levels) return true;
    layer = layer.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}
