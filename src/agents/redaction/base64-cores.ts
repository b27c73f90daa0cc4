/** The Base64 digits that stay the same in every Base64 text that contains the given bytes at one alignment. */
export interface Base64Core {
  /** The digits in the standard alphabet, without those that also depend on neighbouring bytes. */
  readonly digits: string;
  /**
   * Returns the index in `text` at which the encoded bytes end. `digitsEnd` is the index at which `digits` end; a shared digit
   * and padding may follow there.
   */
  readonly endOf: (text: string, digitsEnd: number) => number;
}

/** The least length of a core. Shorter cores are left out, because ordinary text contains them by chance. */
const minDigits = 8;

/** Returns one core for each of the three alignments of `bytes` to Base64's groups of three bytes. */
export function base64Cores(bytes: Buffer): Base64Core[] {
  return [0, 1, 2].flatMap((offset) => {
    const all = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const sharesLast = (offset + bytes.length) % 3 !== 0;
    const digits = all.slice(Math.ceil((offset * 4) / 3), sharesLast ? -1 : undefined);
    if (digits.length < minDigits) return [];
    return [{ digits, endOf: (text, end) => (sharesLast ? endOfRest(text, end) : end) }];
  });
}

function endOfRest(text: string, from: number): number {
  const rest = /[A-Za-z0-9+/]?={0,2}/y;
  rest.lastIndex = from;
  return from + (rest.exec(text)?.[0].length ?? 0);
}
