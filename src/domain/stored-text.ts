import { jsonBytes } from './json-bytes.ts';

/** A prompt or an answer as workflows hold it: the text itself, or a reference if it is too large for a Temporal payload. */
export type StoredText = string | TextReference;

/** Refers to a text in the payload store. */
export interface TextReference {
  /** Key in the payload store. */
  readonly ref: string;
  /** Size of the text in bytes as JSON in UTF-8. */
  readonly bytes: number;
}

export function isReference(text: StoredText): text is TextReference {
  return typeof text !== 'string';
}

/** Returns the size of the text in bytes as JSON in UTF-8, also if the text is in the payload store. */
export function textBytes(text: StoredText): number {
  return isReference(text) ? text.bytes : jsonBytes(text);
}
