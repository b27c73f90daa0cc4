import type { Random } from '../random.ts';

/** For ever: every one once in each round, the order of a round by the seed. */
export function* schedule<T>(all: readonly T[], random: Random): Generator<T, never> {
  for (;;) yield* random.shuffled(all);
}
