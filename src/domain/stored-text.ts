import { jsonBytes } from './json-bytes.ts';

/** A prompt or an answer as workflows hold it: itself, or where it is once it is too large for a payload. */
export type StoredText = string | TextReference;

export interface TextReference {
  /** Key in the payload store. */
  readonly ref: string;
  /** As JSON in UTF-8, like every size here. */
  readonly bytes: number;
}

export function isReference(text: StoredText): text is TextReference {
  return typeof text !== 'string';
}

/** Size of the text itself, wherever it is. */
export function textBytes(text: StoredText): number {
  return isReference(text) ? text.bytes : jsonBytes(text);
}
