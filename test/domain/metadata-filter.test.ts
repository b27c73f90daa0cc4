import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memberText, parseMember } from '../../src/domain/metadata-filter.ts';

test('a member is name=value: booleans and numbers as in JSON, text otherwise', () => {
  for (const [text, member] of [
    ['channel=web', ['channel', 'web']],
    ['tier=2', ['tier', 2]],
    ['tier="2"', ['tier', '2']],
    ['vip=true', ['vip', true]],
    ['vip=false', ['vip', false]],
    ['formula=a=b', ['formula', 'a=b']],
    ['empty=', ['empty', '']],
    ['quoted="a" and more', ['quoted', '"a" and more']],
  ] as const)
    expect(parseMember(text)).toEqual(member);
});

test('a number that would change is text', () => {
  for (const number of ['007', '1.0', '9007199254740993', 'Infinity', 'NaN'])
    expect(parseMember(`n=${number}`)).toEqual(['n', number]);
});

test('without a name there is no member', () => {
  for (const text of ['', 'channel', '=web']) expect(parseMember(text)).toBeUndefined();
});

test('what is written is read as the same, on one line', () => {
  const name = fc.string({ minLength: 1 }).filter((one) => !one.includes('='));
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0); // JSON has no -0.
  const text = fc.oneof(fc.string(), fc.constantFrom('true', '2', '"x"', ' x', 'a\nb', '-0'));
  fc.assert(
    fc.property(name, fc.oneof(text, fc.boolean(), number), (key, value) => {
      const written = memberText([key, value]);
      expect(parseMember(written)).toEqual([key, value]);
      expect(written.slice(key.length)).not.toContain('\n');
    }),
  );
});
