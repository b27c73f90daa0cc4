/**
 * What a message says: a text, or several parts. All code that reads or replaces the texts of messages goes through this file, so
 * that only this file changes when there are other kinds of parts (images, tool calls).
 */
import { textBytes, textCharacters, isReference, type StoredText } from './stored-text.ts';

export interface TextPart<T extends StoredText = StoredText> {
  readonly type: 'text';
  readonly text: T;
}

export type Part<T extends StoredText = StoredText> = TextPart<T>;

/** A text, or at least two parts. A single part is its text alone, which is also the form of all messages of before parts. */
export type Content<T extends StoredText = StoredText> = T | readonly Part<T>[];

/** What is between two parts where they are shown or sent as one text. */
const betweenParts = '\n\n';

/** Makes the content that has these parts. */
export function contentOf<T extends StoredText>(parts: readonly Part<T>[]): Content<T> {
  const [first] = parts;
  return first && parts.length === 1 ? first.text : parts;
}

/** Returns the parts; undefined if the content is a text alone. */
export function partsOf<T extends StoredText>(content: Content<T>): readonly Part<T>[] | undefined {
  return Array.isArray(content) ? (content as readonly Part<T>[]) : undefined;
}

/** Returns the texts, in order. */
export function textsIn<T extends StoredText>(content: Content<T>): readonly T[] {
  return partsOf(content)?.map(({ text }) => text) ?? [content as T];
}

/** Returns the content as one text. */
export function plainText(content: Content<string>): string {
  return textsIn(content).join(betweenParts);
}

/** Returns a copy in which each text is replaced by the result of `replace`, which is called for one text at a time. */
export async function replaceTexts<T extends StoredText, U extends StoredText>(
  content: Content<T>,
  replace: (text: T) => Promise<U>,
): Promise<Content<U>> {
  const parts = partsOf(content);
  if (!parts) return replace(content as T);
  const replaced: Part<U>[] = [];
  for (const part of parts) replaced.push({ ...part, text: await replace(part.text) });
  return replaced;
}

/** The size of the texts in bytes as JSON in UTF-8, whether they are in the workflow or in the payload store. */
export function contentBytes(content: Content): number {
  return sum(textsIn(content).map(textBytes));
}

/** The size of those texts that are not in the payload store. */
export function inlineBytes(content: Content): number {
  return sum(textsIn(content).map((text) => (isReference(text) ? 0 : textBytes(text))));
}

/** How many Unicode characters the texts have. */
export function contentCharacters(content: Content): number {
  return sum(textsIn(content).map(textCharacters));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
