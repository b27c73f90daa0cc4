import type { z } from './zod.ts';

/** The type of an answer that a schema describes. It is read-only: the server shares what it sends, readers only read. */
export type AnswerOf<S extends z.ZodType> = ReadonlyDeep<z.output<S>>;

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;
