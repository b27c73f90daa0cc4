/**
 * Encodes a name as a search attribute that list filters can find. Temporal's filters cannot match a value with a double
 * quote or a backslash, and strip quotes from its ends, however it is escaped; on PostgreSQL they fail on a question mark
 * (temporalio/temporal issue 11797). So these characters are percent-encoded, and so is the divider in the id of a session
 * outside `default` (domain/project.ts).
 */
export function searchable(name: string): string {
  return name.replace(
    /[%"'\\?\u001f]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

const encoded = /%(1F|22|25|27|3F|5C)/g;

/** Decodes a search attribute to the name. */
export function nameOf(value: string): string {
  return value.replace(encoded, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/**
 * Returns the values to search for in order to find `name`: its encoded form, and its plain form, which older calls have. The
 * plain form is left out if a filter cannot match it or if it is the encoded form of another name.
 */
export function spellingsOf(name: string): string[] {
  const inDoubt = /["\\?]|^'|'$/.test(name) || name.search(encoded) >= 0;
  return [...new Set([searchable(name), ...(inDoubt ? [] : [name])])];
}
