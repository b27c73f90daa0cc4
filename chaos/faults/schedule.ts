import type { Random } from '../random.ts';

/** Yields items in endless rounds. Each round has every item once, in an order that the seed decides. */
export function* schedule<T>(all: readonly T[], random: Random): Generator<T, never> {
  for (;;) yield* random.shuffled(all);
}
