import { jsonBytes } from './json-bytes.ts';

/** A prompt or an answer as workflows hold it: the text itself, or a reference if it is too large for a Temporal payload. */
export type StoredText = string | TextReference;

/** Refers to a text in the payload store. */
export interface TextReference {
  /** Key in the payload store. */
  readonly ref: string;
  /** Size of the text in bytes as JSON in UTF-8. */
  readonly bytes: number;
  /** How many Unicode characters the text has. Absent in older references. */
  readonly characters?: number;
}

export function isReference(text: StoredText): text is TextReference {
  return typeof text !== 'string';
}

/** Returns the size of the text in bytes as JSON in UTF-8, also if the text is in the payload store. */
export function textBytes(text: StoredText): number {
  return isReference(text) ? text.bytes : jsonBytes(text);
}

/**
 * Returns how many Unicode characters the text has, also if it is in the payload store. For an older reference it is an upper
 * bound.
 */
export function textCharacters(text: StoredText): number {
  return isReference(text) ? (text.characters ?? text.bytes) : charactersIn(text);
}

/** Returns how many Unicode characters the text has: a surrogate pair is one. */
export function charactersIn(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++)
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count -= 1;
  return count;
}
