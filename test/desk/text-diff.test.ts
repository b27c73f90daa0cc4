import { expect, test } from 'vitest';
import { textDiff, type Piece } from '../../web/src/compare/text-diff.ts';

const sideOf = (pieces: readonly Piece[] | undefined, side: 'old' | 'new'): string =>
  (pieces ?? [])
    .filter((piece) => piece.in !== (side === 'old' ? 'new' : 'old'))
    .map(({ text }) => text)
    .join('');
const only = (pieces: readonly Piece[] | undefined, side: 'old' | 'new'): string[] =>
  (pieces ?? []).filter((piece) => piece.in === side).map(({ text }) => text);

test('two texts differ by whole words', () => {
  const pieces = textDiff('The order ships on Monday.', 'The order ships on Tuesday.');
  expect(only(pieces, 'old')).toEqual(['Monday']);
  expect(only(pieces, 'new')).toEqual(['Tuesday']);
});

test('the pieces of each side are its text', () => {
  const [before, after] = ['one two\nthree  four\n', 'two\n\nthree four five'];
  const pieces = textDiff(before, after);
  expect(sideOf(pieces, 'new')).toBe(after);
  expect(sideOf(pieces, 'old').replaceAll(/\s+/g, ' ')).toBe(before.replaceAll(/\s+/g, ' '));
});

test('long texts are compared by lines, and very long ones not at all', () => {
  const lines = Array.from({ length: 5_000 }, (_, number) => `line ${number} of a long text\n`);
  const pieces = textDiff(lines.join(''), lines.with(7, 'changed\n').join(''));
  expect(only(pieces, 'old')).toEqual(['line 7 of a long text\n']);
  expect(only(pieces, 'new')).toEqual(['changed\n']);
  expect(textDiff('a'.repeat(1_500_000), 'b'.repeat(1_500_000))).toBeUndefined();
});
