import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRedactor, redacted } from '../../src/agents/redaction/redactor.ts';

/** What a header can carry. */
const headerCharacter = fc.integer({ min: 0x21, max: 0xff }).filter((code) => code < 0x7f || code > 0x9f);
const token = fc
  .array(headerCharacter, { minLength: 12, maxLength: 80 })
  .map((codes) => String.fromCharCode(...codes));

const spellCharacter = (character: string): fc.Arbitrary<string> => {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
  return fc.constantFrom(`%${hex}`, `%${hex.toUpperCase()}`, `\\u00${hex}`);
};

/** All characters escaped, each in a way of its own. */
const escaped = (text: string): fc.Arbitrary<string> =>
  fc.tuple(...Array.from(text, spellCharacter)).map((characters) => characters.join(''));

const spelled = token.chain((text) =>
  fc.tuple(
    fc.constant(text),
    fc.oneof(
      fc.constantFrom(text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)),
      escaped(text),
      fc
        .constantFrom('base64', 'base64url')
        .map((encoding) => Buffer.from(text).toString(encoding as 'base64')),
      fc
        .constantFrom('base64', 'base64url')
        .map((encoding) => Buffer.from(text, 'latin1').toString(encoding as 'base64')),
    ),
  ),
);

test('every spelling of the token is replaced as a whole', () => {
  fc.assert(
    fc.property(spelled, fc.nat(3), ([secret, spelling], times) => {
      const said = `<${`${spelling}>, <`.repeat(times)}>`;
      expect(createRedactor(secret).redact(said)).toBe(`<${`${redacted}>, <`.repeat(times)}>`);
      expect(spelling.length).toBeLessThanOrEqual(createRedactor(secret).longestSpelling);
    }),
    { numRuns: 500 },
  );
});

test('a token that contains what looks like an escape is recognised in JSON and in a URL', () => {
  const secret = 'a\\u0041%76-of-some-length';
  for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    expect(createRedactor(secret).redact(`<${spelling}>`)).toBe(`<${redacted}>`);
});

test('at most the two outermost bytes of a token remain when it is part of a longer Base64 text', () => {
  fc.assert(
    fc.property(
      token,
      fc.uint8Array({ maxLength: 9 }),
      fc.uint8Array({ maxLength: 9 }),
      (secret, before, after) => {
        const encoded = Buffer.concat([before, Buffer.from(secret), after]).toString('base64');
        const rest = createRedactor(secret).redact(encoded);
        expect(rest).toContain(redacted);
        expect(rest.length).toBeLessThanOrEqual(encoded.length - Buffer.byteLength(secret) + redacted.length);
      },
    ),
  );
});

test('a text without the token stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(createRedactor('opensesame').redact(text)).toBe(text);
      expect(createRedactor(undefined).redact(text)).toBe(text);
    }),
  );
});

test('overlapping spellings of the token are redacted together, with nothing left between them', () => {
  expect(createRedactor('%41%41').redact('x%41%41%41y')).not.toContain('%41%41');
  expect(createRedactor('aaaa').redact('x%61aaaay')).toBe(`x${redacted}y`);
});

test('redacting a long token in a long text takes linear time', () => {
  const secret = `${'a'.repeat(4_000)}b`;
  const text = '%61\\u0061a'.repeat(100_000);
  const startedAt = performance.now();
  expect(createRedactor(secret).redact(text)).toBe(text);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
