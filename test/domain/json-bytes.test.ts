import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { jsonBytes, sizeAsJson } from '../../src/domain/json-bytes.ts';
import { anyText } from './support.ts';

const reference = (text: string): number => Buffer.byteLength(JSON.stringify(text));

test('the size of any text is that of its JSON in UTF-8, lone surrogates and control characters included', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(jsonBytes(text)).toBe(reference(text));
    }),
    { numRuns: 1_000 },
  );
});

test('the size is right for each of the 65,536 code units alone, doubled and next to half a surrogate pair', () => {
  const wrong: string[] = [];
  for (let unit = 0; unit <= 0xffff; unit++) {
    const one = String.fromCharCode(unit);
    for (const text of [one, one + one, `\ud83d${one}`, `${one}\ude00`])
      if (jsonBytes(text) !== reference(text)) wrong.push(JSON.stringify(text));
  }
  expect(wrong).toEqual([]);
});

test('a text of control characters counts six times its length, so that it cannot exceed a limit once encoded', () => {
  expect(jsonBytes('\u0001'.repeat(1_000))).toBe(6_002);
});

it('the size of a value is that of its JSON, including quotes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(sizeAsJson(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
    }),
  );
});
