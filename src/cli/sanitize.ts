import { stripVTControlCharacters } from 'node:util';

/** Invisible Unicode marks that change the reading direction. With them, text can pose as other text. */
const bidirectional = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes untrusted text (answers, errors, names) safe to print on a terminal: removes escape sequences, control characters and
 * marks of the reading direction. Keeps newlines and tabs.
 */
export function sanitize(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll(bidirectional, '');
}

/** Sanitizes a text like `sanitize` and collapses all its whitespace, so that it fits on one line. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll(/\s+/g, ' ').trim();
}
