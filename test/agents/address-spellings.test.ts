import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkHost, isRefusedAddress } from '../../src/agents/http/address-guard.ts';

type Octets = readonly [number, number, number, number];

const octet = fc.nat(255);
const inRange = (first: number | [number, number], second?: number): fc.Arbitrary<Octets> =>
  fc.tuple(
    typeof first === 'number' ? fc.constant(first) : fc.integer({ min: first[0], max: first[1] }),
    second === undefined ? octet : fc.constant(second),
    octet,
    octet,
  );
const refusedIpv4 = fc.oneof(
  fc.constantFrom<Octets>(
    [169, 254, 169, 254],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [255, 255, 255, 255],
  ),
  inRange(169, 254),
  inRange([224, 239]),
  inRange(0),
);
const allowedIpv4 = fc.oneof(inRange(127), inRange(10), inRange(192, 168), inRange(8));

/** One number as a URL may write it, with any leading zeros that its base allows. */
const spelledNumber = (value: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(String(value)),
    fc.nat(3).map((zeros) => `0${'0'.repeat(zeros)}${value.toString(8)}`),
    fc.nat(3).map((zeros) => `0x${'0'.repeat(zeros)}${value.toString(16)}`),
    fc.constant(`0X${value.toString(16).toUpperCase()}`),
  );

/** Four, three, two or one parts; the last one takes the octets that are left. */
function spelledParts(octets: Octets): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max: 3 }).chain((whole) => {
    const rest = octets.slice(whole).reduce((sum, value) => sum * 256 + value, 0);
    return fc.tuple(...[...octets.slice(0, whole), rest].map(spelledNumber)).map((parts) => parts.join('.'));
  });
}

const fullWidth = (character: string): string =>
  character === '.' ? '。' : String.fromCharCode(character.charCodeAt(0) + 0xfee0);
const percent = (character: string): string => `%${character.charCodeAt(0).toString(16)}`;
const hidden = (character: string): string => `\u00ad${character}\u200b`;
const disguises = [(character: string) => character, fullWidth, percent, hidden];

/** Each character by itself in another script, encoding or company. */
const disguised = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      ...Array.from(text, (character) =>
        fc.constantFrom(...disguises).map((disguise) => disguise(character)),
      ),
    )
    .map((characters) => characters.join(''));

const spelled = (octets: Octets): fc.Arbitrary<string> =>
  fc
    .tuple(spelledParts(octets), fc.constantFrom('', '.'))
    .chain(([text, dot]) => fc.oneof(fc.constant(text + dot), disguised(text + dot)))
    .filter((text) => text.length <= 253);

const hex = (...bytes: number[]): string =>
  bytes
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .replace(/(.{4})(?=.)/g, '$1:');

/** Every IPv6 address that stands for the IPv4 one. */
function embeddings(octets: Octets): string[] {
  const inverted = octets.map((byte) => byte ^ 0xff);
  return [
    `::ffff:${octets.join('.')}`,
    `::FFFF:${hex(...octets)}`,
    `0:0:0:0:0:ffff:${hex(...octets)}`,
    `::ffff:0:${hex(...octets)}`,
    `64:ff9b::${octets.join('.')}`,
    `64:ff9b:1::${hex(...octets)}`,
    `2002:${hex(...octets)}::1`,
    `2001:0:${hex(...octets)}::1`,
    `2001:0:808:808:0:0:${hex(...inverted)}`,
    `2001:db8::5efe:${octets.join('.')}`,
    `2001:db8::200:5efe:${octets.join('.')}`,
  ];
}

const spelledRefused = refusedIpv4.chain(spelled);

test('every spelling of a refused IPv4 address is refused', () => {
  fc.assert(
    fc.property(spelledRefused, (host) => {
      expect(checkHost(host)).toMatchObject({ ok: false });
    }),
    { numRuns: 1_000 },
  );
});

test('every spelling of an allowed IPv4 address is known as that address', () => {
  const spellings = allowedIpv4.chain((octets) => fc.tuple(fc.constant(octets), spelled(octets)));
  fc.assert(
    fc.property(spellings, ([octets, host]) => {
      expect(checkHost(host)).toEqual({ ok: true, host: octets.join('.') });
    }),
    { numRuns: 1_000 },
  );
});

test('every IPv6 address that embeds a refused IPv4 address is refused, also when connecting', () => {
  fc.assert(
    fc.property(refusedIpv4, (octets) => {
      for (const address of embeddings(octets)) {
        expect([address, isRefusedAddress(address)]).toEqual([address, true]);
        expect([address, checkHost(address).ok]).toEqual([address, false]);
        expect([address, checkHost(`[${address.toUpperCase()}]`).ok]).toEqual([address, false]);
      }
    }),
  );
});

test('an allowed IPv4 address may be embedded', () => {
  fc.assert(
    fc.property(allowedIpv4, (octets) => {
      for (const address of embeddings(octets))
        expect([address, checkHost(address).ok]).toEqual([address, true]);
    }),
  );
});

test('any text is allowed or refused, never an error, and what is allowed is canonical', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4Extended(), fc.ipV6()),
      (host) => {
        const check = checkHost(host);
        if (check.ok) expect(checkHost(check.host)).toEqual(check);
        else expect(check.reason).not.toBe('');
      },
    ),
    { numRuns: 1_000 },
  );
});
