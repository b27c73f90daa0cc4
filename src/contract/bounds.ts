/** Bounds that a body is checked against before any code that a hostile body could slow down or overflow the stack of. */
import { sizeAsJson } from '../domain/json-bytes.ts';
import { maxFieldErrors } from './problem.ts';
import { z } from './zod.ts';

const maxMetadataDepth = 32;

/** Arguments of `refine` that refuse a value of more than `levels` levels before recursive code (JSON.stringify) gets it. */
export const noDeeperThan = (levels: number) =>
  [
    (value: unknown) => !deeperThan(value, levels),
    { error: `at most ${levels} levels`, abort: true },
  ] as const;

/** Refuses a value of more than `maxBytes` as JSON before `schema` parses it, which takes seconds for millions of members. */
export const noLargerThan = <S extends z.ZodType>(maxBytes: number, schema: S) =>
  z.preprocess((value, context) => {
    if (sizeAsJson(value) > maxBytes) context.addIssue(`at most ${maxBytes} bytes as JSON`);
    return value;
  }, schema);

/** Metadata of a call or session: any JSON object up to 32 levels deep. */
export const metadataRecord = z.record(z.string(), z.unknown()).refine(...noDeeperThan(maxMetadataDepth));

/** Like z.array(), but stops after `maxFieldErrors` issues: those of millions of wrong elements would not fit into memory. */
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

/** Iterative: a hostile body may be nested deeper than the stack. */
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
