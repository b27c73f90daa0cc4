import { expect, test } from 'vitest';
import {
  contentBytes,
  contentCharacters,
  contentOf,
  inlineBytes,
  partsOf,
  plainText,
  replaceTexts,
  textsIn,
} from '../../src/domain/content.ts';
import type { StoredText } from '../../src/domain/stored-text.ts';

const large = { ref: 'sessions/s/hash', bytes: 70_000, characters: 60_000 };
const two = contentOf<StoredText>([
  { type: 'text', text: 'hi 😀' },
  { type: 'text', text: large },
]);

test('a single part is its text alone, as messages of before parts are', () => {
  expect(contentOf([{ type: 'text', text: 'hi' }])).toBe('hi');
  expect(partsOf('hi')).toBeUndefined();
  expect(partsOf(large)).toBeUndefined();
  expect(partsOf(two)).toHaveLength(2);
});

test('the sizes of a content are those of all its texts', () => {
  expect([contentBytes('hi'), inlineBytes('hi'), contentCharacters('hi')]).toEqual([4, 4, 2]);
  expect([contentBytes(large), inlineBytes(large), contentCharacters(large)]).toEqual([70_000, 0, 60_000]);
  expect([contentBytes(two), inlineBytes(two), contentCharacters(two)]).toEqual([70_009, 9, 60_004]);
});

test('the texts are replaced one after the other, and the parts stay', async () => {
  let left = 0;
  const load = async (text: unknown) => {
    left += 1;
    expect(left).toBe(1);
    await Promise.resolve();
    left -= 1;
    return text === large ? 'loaded' : 'here';
  };
  expect(textsIn(two)).toEqual(['hi 😀', large]);
  const loaded = await replaceTexts(two, load);
  expect(loaded).toEqual([
    { type: 'text', text: 'here' },
    { type: 'text', text: 'loaded' },
  ]);
  expect(plainText(loaded)).toBe('here\n\nloaded');
  expect(plainText(await replaceTexts(large, load))).toBe('loaded');
});
