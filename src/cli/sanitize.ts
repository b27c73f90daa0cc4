import { stripVTControlCharacters } from 'node:util';

/** Invisible Unicode marks that change the reading direction, with which text can pose as other text. */
const bidirectional = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes text of others (answers, errors, names) safe to print on a terminal: removes escape sequences, control characters
 * and marks of the reading direction. Newlines and tabs stay.
 */
export function sanitize(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll(bidirectional, '');
}

/** The same, with all whitespace collapsed so that the text fits on one line. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll(/\s+/g, ' ').trim();
}
