/**
 * The text of an API key: `hf_<id>_<secret><checksum>`. Its prefix and checksum let scanners find keys that have leaked into
 * texts, and let a node refuse a mistyped key without asking anybody. Workflow code cannot use this file.
 */
import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idLength = 12;
const secretLength = 32; // 190 bits
const checksumLength = 6;
const form = new RegExp(`^hf_([0-9A-Za-z]{${idLength}})_[0-9A-Za-z]{${secretLength + checksumLength}}$`);

/** Makes the text of a new key, or of a new secret for the key `id`. */
export function newKeyText(id: string = randomText(idLength)): {
  readonly id: string;
  readonly text: string;
} {
  const body = `hf_${id}_${randomText(secretLength)}`;
  return { id, text: body + checksum(body) };
}

/** Returns the id of the key. Undefined if the text is not that of a key, or mistyped. */
export function keyIdOf(text: string): string | undefined {
  const body = text.slice(0, -checksumLength);
  return text.endsWith(checksum(body)) ? form.exec(text)?.[1] : undefined;
}

/** Returns the SHA-256 of the key's text, in hex. */
export function digestOfKeyText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function randomText(length: number): string {
  return Array.from({ length }, () => digits[randomInt(digits.length)]).join('');
}

/** CRC-32 in base 62, as other services write it. It detects mistakes and protects against nothing. */
function checksum(text: string): string {
  let rest = crc32(text);
  let encoded = '';
  for (; encoded.length < checksumLength; rest = Math.floor(rest / digits.length))
    encoded = digits.charAt(rest % digits.length) + encoded;
  return encoded;
}
