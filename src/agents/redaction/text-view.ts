/** A reading of a text, and where each of its characters comes from. */
export interface TextView {
  readonly text: string;
  /** Index in the source of the character at `index`; the source's length at the end. */
  readonly sourceIndex: (index: number) => number;
}

export function asItIs(text: string): TextView {
  return { text, sourceIndex: (index) => index };
}

export type Escapes = 'percent and backslash' | 'percent' | 'backslash';

const escapePatterns: Readonly<Record<Escapes, RegExp>> = {
  'percent and backslash': /%[0-9a-fA-F]{2}|\\(?:u[0-9a-fA-F]{4}|[^])/g,
  percent: /%[0-9a-fA-F]{2}/g,
  backslash: /\\(?:u[0-9a-fA-F]{4}|[^])/g,
};

/** With `%41`, or `\u0041` and `\A`, or all of them read as `A`; bytes above ASCII as Latin-1. */
export function unescaped(source: string, escapes: Escapes): TextView {
  /** Where in the view each escape's character is, and how much longer the source is up to and with it. */
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

/** Index of the last of the ascending numbers that is below `limit`; -1 without one. */
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
