/** Texts that were stored must be found again: the folders of their owners keep their names. */
import { expect, test } from 'vitest';
import {
  batchOwner,
  callOwner,
  folderOf,
  nameOf,
  ownerNamed,
  sessionOwner,
} from '../../src/payloads/owners.ts';

test('the folder of an owner is made of its kind and its name, and of the life of a session', () => {
  expect(folderOf(sessionOwner('s1'))).toBe('sessions/e8bc163c82eee18733288c7d4ac636db3a6deb01/');
  expect(folderOf(sessionOwner('s1', 'life-1'))).toBe('sessions/ad07b79482b7631991f54a122977eda6bebf5bcb/');
  expect(folderOf(callOwner('s1'))).toBe('calls/e8bc163c82eee18733288c7d4ac636db3a6deb01/');
  expect(folderOf(batchOwner('s1'))).toBe('batches/e8bc163c82eee18733288c7d4ac636db3a6deb01/');
});

test('an owner comes back from its name', () => {
  for (const owner of [callOwner('c'), batchOwner('b'), sessionOwner('s'), sessionOwner('s', 'life-1')])
    expect(ownerNamed(owner.kind, nameOf(owner))).toEqual({ life: undefined, ...owner });
});
