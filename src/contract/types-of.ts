/** The types of what schemas describe. They are read-only: what is sent may be shared, and who reads it only reads. */
import type { z } from './zod.ts';

export type AnswerOf<S extends z.ZodType> = ReadonlyDeep<z.output<S>>;

/** As clients send it: what has a default may be left out. */
export type RequestOf<S extends z.ZodType> = ReadonlyDeep<z.input<S>>;

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;
