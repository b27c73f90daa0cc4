/**
 * Returns which of the possible ids of a request's call (or batch) it has. If several exist, that with the request's
 * fingerprint; if none does, the first one. `fingerprintOf` returns undefined for an id that does not exist.
 */
export async function idOfExisting(
  possible: readonly string[],
  fingerprint: string,
  fingerprintOf: (id: string) => Promise<string | undefined>,
): Promise<string> {
  const ids = [...new Set(possible)];
  const found = await Promise.all(ids.map(fingerprintOf));
  const own = found.indexOf(fingerprint);
  const any = found.findIndex((one) => one !== undefined);
  return ids[own >= 0 ? own : Math.max(any, 0)] ?? '';
}
