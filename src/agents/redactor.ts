export const redacted = '[redacted]';

/** Takes an agent's token out of what the agent said (I5). */
export interface Redactor {
  redact(text: string): string;
  /** Longest spelling that `redact` knows, in characters; 0 without a token. */
  readonly longestSpelling: number;
}

export const noRedaction: Redactor = { redact: (text) => text, longestSpelling: 0 };

/**
 * Knows the token as it is, with any of its characters percent-encoded or escaped as in JSON, and in Base64 (also
 * base64url, and inside a longer encoded text such as `Bearer <token>`).
 */
export function createRedactor(token: string | undefined): Redactor {
  if (!token) return noRedaction;
  const spellings = [...base64Spellings(token), [...token].map(anySpelling).join('')];
  const pattern = new RegExp(spellings.join('|'), 'g');
  return {
    redact: (text) => text.replace(pattern, redacted),
    longestSpelling: Buffer.byteLength(token) * '\\u0000'.length,
  };
}

/** One character: as it is, percent-encoded, `\uXXXX`, or after a backslash. */
function anySpelling(character: string): string {
  const percent = [...Buffer.from(character)].map((byte) => `%${anyCaseHex(byte, 2)}`).join('');
  const code = `\\\\u${anyCaseHex(character.charCodeAt(0), 4)}`;
  const literal = literally(character);
  const alternatives = [percent, code, `\\\\${literal}`, literal, ...(character === ' ' ? ['\\+'] : [])];
  return `(?:${alternatives.join('|')})`;
}

function anyCaseHex(value: number, digits: number): string {
  const hex = value.toString(16).padStart(digits, '0');
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

/** Shorter ones would match by chance. */
const minBase64Length = 8;

/** The token at each of the three alignments to Base64's groups, without the characters its neighbours share. */
function base64Spellings(token: string): string[] {
  const bytes = Buffer.from(token);
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
    const ownEnd = (offset + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
    const own = encoded.slice(Math.ceil((offset * 4) / 3), ownEnd);
    if (own.length < minBase64Length) return [];
    const pattern = [...own].map((digit) => (digit === '-' ? '[-+]' : digit === '_' ? '[_/]' : digit));
    // The rest of a whole encoded token, with its padding, goes too; so would one harmless digit of a neighbour.
    return [`${pattern.join('')}${ownEnd < encoded.length ? '[A-Za-z0-9_+/-]?={0,2}' : ''}`];
  });
}

function literally(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
