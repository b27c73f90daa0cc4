/** Rows of CSV (RFC 4180): fields that need it are in double quotes, lines end with CRLF. */

/** What a spreadsheet takes for a formula, which could call out or read other cells; in full width, too. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

/** Returns one line. A text that a spreadsheet would take for a formula gets a `'` in front. Null is an empty field. */
export function csvLine(fields: readonly (string | number | boolean | null)[]): string {
  return `${fields.map(fieldOf).join(',')}\r\n`;
}

function fieldOf(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const harmless = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
