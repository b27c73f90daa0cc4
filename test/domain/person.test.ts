import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseGroupMap } from '../../src/domain/group-map.ts';
import { personOf } from '../../src/domain/person.ts';

const settings = { groupsClaim: 'groups', groups: parseGroupMap('admins=admin; readers=read') };

it('a person is called by name, address or id, and has the groups of the map', () => {
  const claims = { sub: 'u1', name: 'Ann', email: 'ann@example.com', groups: ['x', 'readers', 'admins'] };
  expect(personOf(claims, settings)).toEqual({ subject: 'u1', name: 'Ann', groups: ['admins', 'readers'] });
  expect(personOf({ ...claims, name: ' \u0000' }, settings)?.name).toBe('ann@example.com');
  expect(personOf({ sub: 'u1', name: 7, email: null }, settings)).toEqual({
    subject: 'u1',
    name: 'u1',
    groups: [],
  });
  expect(personOf({ sub: ' ' }, settings)?.name).toBe('');
});

it('a name is bounded, and has nothing that hides or turns text', () => {
  const name = `A\u202en\u0000n\u200b ${'😀'.repeat(200)}`;
  expect(personOf({ sub: 'u1', name }, settings)?.name).toBe(`Ann ${'😀'.repeat(96)}`);
});

it('somebody without an id is nobody', () => {
  for (const sub of [undefined, null, '', 7, ['u1'], 'x'.repeat(256), 'no\nline', '\u00e9'])
    expect(personOf({ sub, groups: ['admins'] }, settings)).toBeUndefined();
  expect(personOf({ sub: 'x'.repeat(255) }, settings)?.subject).toHaveLength(255);
});

it('groups are texts, or one text; anything else is none', () => {
  const groupsOf = (groups: unknown): unknown => personOf({ sub: 'u1', groups }, settings)?.groups;
  expect(groupsOf('admins')).toEqual(['admins']);
  expect(groupsOf(['admins', 7, null, ['readers'], { readers: 1 }])).toEqual(['admins']);
  for (const wrong of [undefined, null, 7, true, { admins: true }, 'admins,readers'])
    expect(groupsOf(wrong)).toEqual([]);
  fc.assert(fc.property(fc.anything(), (any) => void groupsOf(any)));
});
