/** A text with its escapes resolved, and for each character its index in the source. */
export interface TextView {
  readonly text: string;
  /**
   * Returns the index in the source of the character at `index`. For the index after the last character it is the source's
   * length.
   */
  readonly sourceIndex: (index: number) => number;
}

/** The view of a text without escapes: the text itself. */
export function verbatim(text: string): TextView {
  return { text, sourceIndex: (index) => index };
}

export type Escapes = 'percent and backslash' | 'percent' | 'backslash';

const escapePatterns: Readonly<Record<Escapes, RegExp>> = {
  'percent and backslash': /%[0-9a-fA-F]{2}|\\(?:u[0-9a-fA-F]{4}|[^])/g,
  percent: /%[0-9a-fA-F]{2}/g,
  backslash: /\\(?:u[0-9a-fA-F]{4}|[^])/g,
};

/** Resolves escapes to characters: `%41` (percent), `\u0041` and `\A` (backslash) or all. Bytes above ASCII are Latin-1. */
export function unescaped(source: string, escapes: Escapes): TextView {
  /**
   * For each escape, the index of its character in the view, and how much longer than the view the source is up to and
   * including the escape.
   */
  const ends: number[] = [];
  const longer: number[] = [];
  let lengthened = 0;
  const text = source.replace(escapePatterns[escapes], (escape, at: number) => {
    ends.push(at - lengthened);
    lengthened += escape.length - 1;
    longer.push(lengthened);
    return characterOf(escape);
  });
  return { text, sourceIndex: (index) => index + (longer[lastBelow(ends, index)] ?? 0) };
}

function characterOf(escape: string): string {
  if (escape.startsWith('%')) return String.fromCharCode(parseInt(escape.slice(1), 16));
  if (escape.length === 6) return String.fromCharCode(parseInt(escape.slice(2), 16));
  return escape.charAt(1);
}

/** Returns the index of the last number below `limit`, by binary search; -1 if no number is below it. */
function lastBelow(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
