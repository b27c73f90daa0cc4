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

/** With `%41`, or `\u0041` and `\A`, or all of them read as `A`; bytes above ASCII as Latin-1. */
export function unescaped(source: string, escapes: Escapes): TextView {
  const characters: string[] = [];
  const starts: number[] = [];
  for (let at = 0; at < source.length;) {
    const { character, length } = characterAt(source, at, escapes);
    characters.push(character);
    starts.push(at);
    at += length;
  }
  return { text: characters.join(''), sourceIndex: (index) => starts[index] ?? source.length };
}

function characterAt(source: string, at: number, escapes: Escapes): { character: string; length: number } {
  const first = source.charAt(at);
  if (first === '%' && escapes !== 'backslash') {
    const hex = source.slice(at + 1, at + 3);
    if (/^[0-9a-f]{2}$/i.test(hex)) return { character: String.fromCharCode(parseInt(hex, 16)), length: 3 };
  }
  if (first === '\\' && escapes !== 'percent' && at + 1 < source.length) {
    const hex = source.slice(at + 2, at + 6);
    if (source[at + 1] === 'u' && /^[0-9a-f]{4}$/i.test(hex))
      return { character: String.fromCharCode(parseInt(hex, 16)), length: 6 };
    return { character: source.charAt(at + 1), length: 2 };
  }
  return { character: first, length: 1 };
}
