/** The cards of nodes, and the differences between them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { differencesOf, readCard, writeCard } from '../../src/domain/node-card.ts';
import { cardOf } from './node-support.ts';

const setting = fc.oneof(fc.integer(), fc.string({ unit: 'grapheme', maxLength: 40 }));
const settings = fc.dictionary(fc.stringMatching(/^HOLDFAST_[A-Z]{1,30}$/), setting, { maxKeys: 30 });

test('a card survives writing and reading; one that is too long for Temporal has hashes instead of settings', () => {
  fc.assert(
    fc.property(settings, fc.option(fc.webUrl(), { nil: undefined }), (some, address) => {
      const card = cardOf({ settings: some, ...(address !== undefined && { address }) });
      const text = writeCard(card);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_000);
      const whole = Buffer.byteLength(JSON.stringify(card)) <= 1_000;
      const hashed = { settings: expect.any(String) as string, facadeSettings: expect.any(String) as string };
      const read = readCard(text);
      expect(read).toEqual(whole ? card : { ...card, ...hashed });
      expect(read && differencesOf(card, read)).toEqual([]);
    }),
  );
});

test('anything else is not read as a card: the identity of another poller, other JSON, an empty text', () => {
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

test('a card of another version may have unknown members', () => {
  expect(readCard(JSON.stringify({ ...cardOf(), load: 0.5 }))).toEqual(cardOf());
});

test('the differences of two nodes are key, payload store, generation and settings, each with both values', () => {
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

test('settings that are too long for a card are compared by their hashes, independent of their order', () => {
  const names = Array.from({ length: 40 }, (_, i) => `HOLDFAST_A_SETTING_${i}`);
  const many = (values: readonly number[]) =>
    Object.fromEntries(names.map((name, i) => [name, values[i] ?? 0]));
  const there = (settings: Record<string, number>) => readCard(writeCard(cardOf({ id: 'two', settings })));
  const here = cardOf({ settings: many([1, 2]) });
  const same = there(Object.fromEntries(Object.entries(many([1, 2])).reverse()));
  const other = there(many([1, 3]));
  expect(same?.settings).toMatch(/^[0-9a-f]{12}$/);
  expect(same && differencesOf(here, same)).toEqual([]);
  expect(other && differencesOf(here, other)).toMatchObject([{ what: 'settings', there: other?.settings }]);
  const facade = cardOf({ settings: many([]), facadeSettings: { HOLDFAST_MAX_AGENTS: 3 } });
  const otherFacade = readCard(writeCard({ ...facade, facadeSettings: { HOLDFAST_MAX_AGENTS: 4 } }));
  expect(otherFacade && differencesOf(facade, otherFacade)).toMatchObject([{ what: 'facade_settings' }]);
  const worker = cardOf({ role: 'worker', settings: many([1, 2]), facadeSettings: undefined });
  const sameWorker = readCard(writeCard(worker));
  expect(sameWorker?.facadeSettings).toBeUndefined();
  expect(sameWorker && differencesOf(here, sameWorker)).toEqual([]);
});

test('a payload store that cannot be reached and settings that a worker does not use are not compared', () => {
  const facade = cardOf({ facadeSettings: { HOLDFAST_MAX_BODY_BYTES: 5 } });
  const worker = cardOf({ role: 'worker', storeId: undefined, facadeSettings: undefined });
  expect(differencesOf(facade, worker)).toEqual([]);
});
