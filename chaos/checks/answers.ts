import type { Evidence, Finding } from './evidence.ts';

/**
 * Checks the answers of the API: none has status 500, every refusal is a problem document, and 429 and 503 have Retry-After.
 */
export function checkAnswers({ observedViolations }: Evidence, answers: number): Finding {
  const violations = observedViolations.filter(({ row }) => row === 'answers').map(({ text }) => text);
  return { row: 'answers', what: 'no 500, refusals are problems, Retry-After', checked: answers, violations };
}

/** Collects what faults reported as left behind, e.g. half-written files after the payload store was full. */
export function checkLeftovers({ observedViolations }: Evidence): Finding {
  const violations = observedViolations.filter(({ row }) => row === 'leaks').map(({ text }) => text);
  const what = 'a full payload store keeps nothing half written, an upgrade leaves no call behind';
  return { row: 'leaks', what, checked: 1, violations };
}

/** Checks that calls succeeded again after every fault, within the fault's limit. */
export function checkRecovery({ faults }: Evidence): Finding {
  const violations = faults
    .filter(({ recoveryMs }) => recoveryMs === undefined)
    .map(
      ({ kind, what, limitMs }) =>
        `${kind}: no call succeeded within ${limitMs / 1_000} s after it (${what})`,
    );
  return { row: 'recovery', what: 'a success after every fault', checked: faults.length, violations };
}

/**
 * Checks that every kind of fault in `must` happened. One that did not is a violation, because the product was not tested
 * against it; `skipped` has the reason. Returns no row if `must` is empty.
 */
export function checkMust(
  must: readonly string[],
  missing: readonly string[],
  skipped: ReadonlyMap<string, string>,
): Finding[] {
  if (must.length === 0) return [];
  const violations = missing.map((kind) => `${kind} did not happen: ${skipped.get(kind) ?? 'unknown why'}`);
  return [{ row: 'faults', what: 'every kind of --must happened', checked: must.length, violations }];
}
