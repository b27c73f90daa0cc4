/** Numbers of JSON that would silently become others here: JavaScript knows doubles alone. */

/** What a number would become; undefined where it stays what it is. A fraction is meant as the nearest double. */
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
