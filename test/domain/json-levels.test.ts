import { expect, test } from 'vitest';
import { endOfString } from '../../src/domain/json-levels.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('a string ends at its first quote that no backslash escapes', () => {
  expect(endOfString(bytes('"ab"c"'), 1)).toBe(3);
  expect(endOfString(bytes(String.raw`"a\"b"`), 1)).toBe(5);
  expect(endOfString(bytes(String.raw`"a\\"b"`), 1)).toBe(4);
});

test('a string that does not end reaches to the end of the text', () => {
  expect(endOfString(bytes('"ab'), 1)).toBe(3);
  expect(endOfString(bytes(String.raw`"ab\"`), 1)).toBe(5);
});
