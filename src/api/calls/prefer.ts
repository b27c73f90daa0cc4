/**
 * `Prefer` (RFC 7240) of a call: `respond-async` answers at once, `wait=N` waits at most N seconds, neither waits
 * until the call ends. Unknown preferences are ignored, as the RFC says.
 */
export interface Preference {
  /** Undefined: waits until the call ends. */
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
