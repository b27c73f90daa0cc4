/** A sealed token opens to exactly what was sealed, or not at all (I5). */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSealer } from '../../src/platform/sealing.ts';

const sealer = createSealer(randomBytes(32));
const text = fc.string({ unit: 'binary', maxLength: 300 });
const token = 'a-token-of-an-agent';

/** `sealed` with changed bytes in its body. */
function withBody(sealed: string, change: (body: Buffer) => Buffer): string {
  const [version, keyId, body = ''] = sealed.split('.');
  return [version, keyId, change(Buffer.from(body, 'base64url')).toString('base64url')].join('.');
}

test('a sealed text opens to the same text in the same context', () => {
  fc.assert(
    fc.property(text, text, (plaintext, context) => {
      expect(sealer.open(sealer.seal(plaintext, context), context)).toBe(plaintext);
    }),
  );
});

test('a text that is sealed twice looks different each time and does not show the text', () => {
  const seals = Array.from({ length: 100 }, () => sealer.seal(token, 'writer'));
  expect(new Set(seals).size).toBe(100);
  for (const sealed of seals) {
    expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/);
    for (const form of ['utf8', 'base64url', 'hex'] as const)
      expect(sealed).not.toContain(Buffer.from(token).toString(form).slice(0, 12));
  }
});

test('a sealed text does not open if any bit of it was changed', () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 0, max: 7 }), (plaintext, position, bit) => {
      const tampered = withBody(sealer.seal(plaintext, 'writer'), (body) => {
        const at = position % body.length;
        body[at] = (body[at] ?? 0) ^ (1 << bit);
        return body;
      });
      expect(() => sealer.open(tampered, 'writer')).toThrow(
        /'writer' is damaged: give Holdfast the secret again/,
      );
    }),
  );
});

test('a sealed text does not open if it was shortened or lengthened', () => {
  const sealed = sealer.seal(token, 'writer');
  const { length } = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
  for (let kept = 0; kept < length; kept++) {
    const cut = withBody(sealed, (body) => body.subarray(0, kept));
    expect(() => sealer.open(cut, 'writer'), String(kept)).toThrow(/'writer' is damaged/);
  }
  const longer = withBody(sealed, (body) => Buffer.concat([body, Buffer.alloc(1)]));
  expect(() => sealer.open(longer, 'writer')).toThrow(/'writer' is damaged/);
});

test('a token that is moved to another agent does not open', () => {
  const sealed = sealer.seal(token, 'writer');
  expect(() => sealer.open(sealed, 'reader')).toThrow(/'reader' is damaged/);
});

test('the error for a token that was sealed with another key says what to do', () => {
  const sealed = createSealer(randomBytes(32)).seal(token, 'writer');
  for (const foreign of [sealed, sealer.seal(token, 'writer').replace('v1.', 'v2.'), 'v1', '', token])
    expect(() => sealer.open(foreign, 'writer')).toThrow(
      /secret of 'writer' was sealed with another key: set HOLDFAST_ENCRYPTION_KEY .* or give Holdfast the secret again/,
    );
});

test('two keys have different fingerprints, which do not contain the keys', () => {
  const [one, other] = [randomBytes(32), randomBytes(32)];
  const { keyFingerprint } = createSealer(one);
  expect(keyFingerprint).toMatch(/^[0-9a-f]{16}$/);
  expect(createSealer(one).keyFingerprint).toBe(keyFingerprint);
  expect(createSealer(other).keyFingerprint).not.toBe(keyFingerprint);
  expect(one.toString('hex')).not.toContain(keyFingerprint);
});

test('fingerprints of different texts differ, and are the same on every node with the same key only', () => {
  const key = randomBytes(32);
  const print = createSealer(key).fingerprint('a body');
  expect(print).toMatch(/^[\w-]{43}$/);
  expect(createSealer(key).fingerprint('a body')).toBe(print);
  expect(createSealer(key).fingerprint('a body ')).not.toBe(print);
  expect(createSealer(randomBytes(32)).fingerprint('a body')).not.toBe(print);
});

test.each([0, 16, 31, 33])('a key of %i bytes is refused', (bytes) => {
  expect(() => createSealer(randomBytes(bytes))).toThrow('must have 32 bytes');
});
