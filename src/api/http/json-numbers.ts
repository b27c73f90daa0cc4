/** Finds JSON numbers that would silently change, since JavaScript has only double-precision numbers. */

/**
 * Returns the value that a number would change to when it is parsed; undefined if it does not change. The rounding of a
 * fraction does not count as a change.
 */
export function changeOf(literal: string): string | undefined {
  const value = Number(literal);
  const [, whole] = /^-?(\d+)(?:\.0+)?$/.exec(literal) ?? [];
  if (whole !== undefined) return String(Math.abs(value)) === whole ? undefined : become(literal, value);
  const isZero = !/[1-9]/.test(literal.replace(/e.*/i, ''));
  return Number.isFinite(value) && (value !== 0 || isZero) ? undefined : become(literal, value);
}

function become(literal: string, value: number): string {
  const shown = literal.length > 40 ? `${literal.slice(0, 40)}...` : literal;
  return `the number ${shown} would become ${value}; send it as text`;
}
