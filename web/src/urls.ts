/** Pieces of URLs. */

/**
 * Formats a query string such as `?a=1&b=2`. Leaves out values that are undefined or empty; returns an empty text if none is
 * left.
 */
export function queryString(values: Readonly<Record<string, string | number | undefined>>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
}

/** Encodes a value as one path segment. */
export const segment = encodeURIComponent;

/** Whether a text is a dot segment. Browsers remove those from paths, even percent-encoded ones. */
export const isDots = (text: string): boolean => text === '.' || text === '..';
