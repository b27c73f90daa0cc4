/**
 * The header `Prefer` (RFC 7240) of a request that starts a call. With `respond-async` the node answers at once, with `wait=N`
 * it waits at most N seconds, and with neither it waits until the call ends. Unknown preferences are ignored, as the RFC
 * requires.
 */
export interface Preference {
  /** How long to wait for the call, in ms. Undefined means until the call ends. */
  readonly waitMs: number | undefined;
  /** Value of the response header `Preference-Applied`. */
  readonly applied: string | undefined;
}

/** Parses the value of the header. */
export function parsePrefer(header: string | undefined): Preference {
  const wishes = (header ?? '').split(/[,;]/).map((wish) => wish.trim().toLowerCase());
  const wait = wishes
    .map((wish) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(wish)?.[1])
    .find((value) => value !== undefined);
  if (wait !== undefined) return { waitMs: Number(wait) * 1_000, applied: `wait=${wait}` };
  if (wishes.includes('respond-async')) return { waitMs: 0, applied: 'respond-async' };
  return { waitMs: undefined, applied: undefined };
}
