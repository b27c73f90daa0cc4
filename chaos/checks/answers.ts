import type { Evidence, Finding } from './evidence.ts';

/** No 500, every refusal a problem, Retry-After where it belongs; every fault was recovered from. */
export function checkAnswers({ observedViolations }: Evidence, answers: number): Finding {
  const violations = observedViolations.filter(({ row }) => row === 'answers').map(({ text }) => text);
  return { row: 'answers', what: 'no 500, refusals are problems, Retry-After', checked: answers, violations };
}

/** What a fault found left over right after it. */
export function checkLeftovers({ observedViolations }: Evidence): Finding {
  const violations = observedViolations.filter(({ row }) => row === 'leaks').map(({ text }) => text);
  const what = 'a full payload store keeps nothing half written, an upgrade leaves no call behind';
  return { row: 'leaks', what, checked: 1, violations };
}

export function checkRecovery({ faults }: Evidence): Finding {
  const violations = faults
    .filter(({ recoveryMs }) => recoveryMs === undefined)
    .map(({ kind, what, limitMs }) => `${kind}: no success within ${limitMs / 1_000} s of it (${what})`);
  return { row: 'recovery', what: 'a success after every fault', checked: faults.length, violations };
}

/** What `must` happen and could not, for the reason of `skipped`, was not withstood. No row where nothing must. */
export function checkMust(
  must: readonly string[],
  missing: readonly string[],
  skipped: ReadonlyMap<string, string>,
): Finding[] {
  if (must.length === 0) return [];
  const violations = missing.map((kind) => `${kind} did not happen: ${skipped.get(kind) ?? 'unknown why'}`);
  return [{ row: 'faults', what: 'every kind of --must happened', checked: must.length, violations }];
}
