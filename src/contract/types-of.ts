/** The types that schemas describe. They are read-only, because an answer may be shared by several requests. */
import type { z } from './zod.ts';

/** An answer as clients receive it. */
export type AnswerOf<S extends z.ZodType> = ReadonlyDeep<z.output<S>>;

/** A request as clients send it: fields with a default are optional. */
export type RequestOf<S extends z.ZodType> = ReadonlyDeep<z.input<S>>;

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;
