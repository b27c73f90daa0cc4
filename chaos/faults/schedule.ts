import type { Random } from '../random.ts';

/** Endless rounds, each with every item once, in an order that the seed decides. */
export function* schedule<T>(all: readonly T[], random: Random): Generator<T, never> {
  for (;;) yield* random.shuffled(all);
}
