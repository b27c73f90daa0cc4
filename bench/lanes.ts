/** Runs closed loops: makes a given number of calls, with a limited number of them in flight at a time. */
/** The measured durations of a loop. */
export interface Phase {
  readonly durationsMs: readonly number[];
  readonly elapsedMs: number;
}

/** Makes `count` calls in `parallel` lanes. `call` gets the number of its lane, from 0; calls of one lane do not overlap. */
export async function runLanes(
  call: (lane: number) => Promise<unknown>,
  count: number,
  parallel: number,
): Promise<Phase> {
  const durationsMs: number[] = [];
  let left = count;
  const lane = async (index: number): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await call(index);
      durationsMs.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: parallel }, (_, index) => lane(index)));
  return { durationsMs, elapsedMs: performance.now() - startedAt };
}
