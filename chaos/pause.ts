/** Waits `ms`. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `check` returns true, calling it every `everyMs`. Returns false if it has not within `atMostMs`. */
export async function until(
  check: () => boolean | Promise<boolean>,
  atMostMs: number,
  everyMs = 100,
): Promise<boolean> {
  const giveUpAt = Date.now() + atMostMs;
  while (!(await check())) {
    if (Date.now() >= giveUpAt) return false;
    await pause(everyMs);
  }
  return true;
}

/** Runs `task` for every item, at most `width` at a time. */
export async function eachOf<T>(
  items: Iterable<T>,
  width: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
