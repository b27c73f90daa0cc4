/** What nodes tell each other of themselves, and in what they differ. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differencesOf, readCard, writeCard } from '../../src/domain/node-card.ts';
import { cardOf } from './node-support.ts';

const setting = fc.oneof(fc.integer(), fc.string({ unit: 'grapheme', maxLength: 40 }));
const settings = fc.dictionary(fc.stringMatching(/^HOLDFAST_[A-Z]{1,30}$/), setting, { maxKeys: 30 });

test('a card is read as it was written, and what Temporal would refuse as too long comes without its settings', () => {
  fc.assert(
    fc.property(settings, fc.option(fc.webUrl(), { nil: undefined }), (some, address) => {
      const card = cardOf({ settings: some, ...(address !== undefined && { address }) });
      const text = writeCard(card);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_000);
      const whole = Buffer.byteLength(JSON.stringify(card)) <= 1_000;
      const without = { settings: undefined, facadeSettings: undefined };
      expect(readCard(text)).toEqual(whole ? card : { ...card, ...without });
    }),
  );
});

test('what is no card is none: the identity of another poller, JSON of something else, nothing', () => {
  for (const text of [
    '',
    '77@a-host',
    '{}',
    '[]',
    'null',
    '{"id":1}',
    JSON.stringify({ ...cardOf(), pid: 'x' }),
  ])
    expect(readCard(text)).toBeUndefined();
});

test('a card of another version may hold more', () => {
  expect(readCard(JSON.stringify({ ...cardOf(), load: 0.5 }))).toEqual(cardOf());
});

test('two nodes differ in key, store, generation and settings, each with both values', () => {
  const here = cardOf({ settings: { HOLDFAST_MAX_CHAIN: 5 } });
  const there = cardOf({
    id: 'two',
    keyFingerprint: 'other',
    generation: 2,
    settings: { HOLDFAST_INLINE_BYTES: 2_048 },
    facadeSettings: { HOLDFAST_API_KEYS: 'abc' },
  });
  expect(differencesOf(here, there)).toEqual([
    { what: 'encryption_key', here: 'key', there: 'other' },
    { what: 'generation', here: 1, there: 2 },
    { what: 'HOLDFAST_INLINE_BYTES', here: 'default', there: 2_048 },
    { what: 'HOLDFAST_MAX_CHAIN', here: 5, there: 'default' },
    { what: 'HOLDFAST_API_KEYS', here: 'default', there: 'abc' },
  ]);
  expect(differencesOf(here, here)).toEqual([]);
});

test('nothing is said of a store that is away, of settings that are not told, and of those that a worker does not use', () => {
  const facade = cardOf({
    facadeSettings: { HOLDFAST_MAX_BODY_BYTES: 5 },
    settings: { HOLDFAST_MAX_CHAIN: 5 },
  });
  const worker = cardOf({
    role: 'worker',
    storeId: undefined,
    settings: undefined,
    facadeSettings: undefined,
  });
  expect(differencesOf(facade, worker)).toEqual([]);
});
