/** Bounds that are checked before what would take long, or overflow the stack, on a hostile body. */
import { sizeAsJson } from '../domain/json-bytes.ts';
import { maxFieldErrors } from './problem.ts';
import { z } from './zod.ts';

const maxMetadataDepth = 32;

/** Refused before anything that recurses, as JSON.stringify does, sees it. */
export const noDeeperThan = (levels: number) =>
  [
    (value: unknown) => !deeperThan(value, levels),
    { error: `at most ${levels} levels`, abort: true },
  ] as const;

/** Refused before its schema, which takes seconds for millions of members. */
export const noLargerThan = <S extends z.ZodType>(maxBytes: number, schema: S) =>
  z.preprocess((value, context) => {
    if (sizeAsJson(value) > maxBytes) context.addIssue(`at most ${maxBytes} bytes as JSON`);
    return value;
  }, schema);

export const metadataRecord = z.record(z.string(), z.unknown()).refine(...noDeeperThan(maxMetadataDepth));

/** As z.array(), but only the first wrong elements are told: of millions, all would take more memory than there is. */
export function listOf<S extends z.ZodType>(element: S) {
  return z.array(z.unknown()).transform((list, context) => {
    const taken: z.output<S>[] = [];
    for (const [index, one] of list.entries()) {
      const parsed = element.safeParse(one);
      if (parsed.success) taken.push(parsed.data);
      else
        for (const issue of parsed.error.issues)
          context.issues.push({ ...issue, path: [index, ...issue.path] } as z.core.$ZodRawIssue);
      if (context.issues.length >= maxFieldErrors) break;
    }
    return taken;
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
