import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameOf, searchable, spellingsOf } from '../../src/domain/searchable.ts';

const names = fc.string({
  unit: fc.constantFrom('a', '%', "'", '"', '\\', '?', '2', '3', '5', '7', 'C', 'F', '😀'),
});

it('an encoded name has no character that a filter cannot match, and decodes to the name', () => {
  fc.assert(
    fc.property(names, (name) => {
      expect(searchable(name)).not.toMatch(/["'\\?]/);
      expect(nameOf(searchable(name))).toBe(name);
    }),
  );
});

it('a search for one name never finds another name', () => {
  fc.assert(
    fc.property(names, names, (name, other) => {
      expect(spellingsOf(name)).toContain(searchable(name));
      if (name !== other) expect(spellingsOf(name)).not.toContain(searchable(other));
    }),
  );
});

it('a name that was stored without encoding is still found, unless it is ambiguous', () => {
  expect(spellingsOf('plain')).toEqual(['plain']);
  expect(spellingsOf("d'arcy")).toEqual(['d%27arcy', "d'arcy"]);
  expect(spellingsOf('100%25')).toEqual(['100%2525']);
  expect(spellingsOf("'quoted'")).toEqual(['%27quoted%27']);
});
