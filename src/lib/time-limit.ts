/**
 * Settles like `work`. If `work` has not settled after `ms`, resolves with what `onTimeout` returns or rejects with what it
 * throws. The work itself continues: if it should stop, `onTimeout` must stop it.
 */
export async function withTimeLimit<T, L>(work: Promise<T>, ms: number, onTimeout: () => L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms));
  }).then(onTimeout);
  try {
    return await Promise.race([work, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
