/**
 * Names as search attributes that a filter can find. Temporal's list filters compare no value that holds a double quote
 * or a backslash, and cut quotes off its ends, however it is escaped; on PostgreSQL they fail on a question mark
 * (temporalio/temporal issue 11797). Such characters are kept percent-encoded.
 */
export function searchable(name: string): string {
  return name.replace(/[%"'\\?]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

const encoded = /%(22|25|27|3F|5C)/g;

/** The name that was kept as `value`. */
export function nameOf(value: string): string {
  return value.replace(encoded, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * What to look for to find `name` also where it was kept as it is, before all names were encoded. No other name is kept
 * as one of these: a plain spelling that is another name's encoded one is left out, and one that no filter finds.
 */
export function spellingsOf(name: string): string[] {
  const inDoubt = /["\\?]|^'|'$/.test(name) || name.search(encoded) >= 0;
  return [...new Set([searchable(name), ...(inDoubt ? [] : [name])])];
}
