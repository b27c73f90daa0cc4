import { stripVTControlCharacters } from 'node:util';

/** Invisible marks that change how a line is read from left to right. */
const bidirectional = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text of others (answers, errors, names) for a terminal: nothing in it is obeyed. Line ends and tabs stay. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .replaceAll(bidirectional, '');
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return clean(text).replaceAll(/\s+/g, ' ').trim();
}
