/** Ids that calls have had: with another hash a repeated request would start a second call. */
import { expect, test } from 'vitest';
import { digestOfKey, rerunIdBeforeFamilies, rerunIdOf } from '../../src/domain/hashed-ids.ts';

test('an Idempotency-Key is hashed as ever, for each caller on its own', () => {
  expect(digestOfKey('local', 'key-1')).toBe('u5DeKdqKq8yLaoFtAzbRwoNM1mKGbpI2');
  expect(digestOfKey('other', 'key-1')).not.toBe(digestOfKey('local', 'key-1'));
});

test('the number of a rerun in its family makes the same id as ever', () => {
  expect(rerunIdOf('root-1', 1)).toBe('k7R4s7ne2krEeccj316Y0Ig11sBQyDyV');
});

test('a rerun whose hash begins with a hyphen has a letter in front, since a command line takes a hyphen for an option', () => {
  expect(rerunIdOf('root-1', 13)).toBe('x-woHh4R7DSi6zuRVtkOhhBoSQ2bxD8dA');
});

test('a rerun that a batch began before families had numbers is found under its old id', () => {
  expect(rerunIdBeforeFamilies('b1', 'c1')).toBe('jPrjFYvscmBC95Wx5tCSF0Ln4p9yOM9m');
});
