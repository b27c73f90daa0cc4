import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupsInMap, parseGroupMap, rightsOf } from '../../src/domain/group-map.ts';

describe('the map from groups to scopes', () => {
  it('has one entry per group, of the project default unless it names one', () => {
    expect(parseGroupMap('admins=admin; support = crm : read , operate,read;x=default:call')).toEqual([
      { group: 'admins', project: 'default', scopes: ['admin'] },
      { group: 'support', project: 'crm', scopes: ['read', 'operate'] },
      { group: 'x', project: 'default', scopes: ['call'] },
    ]);
  });

  it('takes names of groups as directories have them', () => {
    const groups = ['cn=ops,ou=groups,dc=example', 'https://idp.example/g:1', 'Über uns', '/team/a b'];
    const map = parseGroupMap(groups.map((group) => `${group}=crm:read`).join(';'));
    expect(map.map(({ group, project }) => [group, project])).toEqual(groups.map((group) => [group, 'crm']));
  });

  it.each([
    ['', "entry 1 (''): takes group=scope,scope or group=project:scope,scope"],
    ['admins', "entry 1 ('admins'): takes group=scope"],
    ['=admin', "entry 1 ('=admin'): takes group=scope"],
    ['admins=admin;', "entry 2 (''): takes group=scope"],
    ['admins=admin;;x=read', "entry 2 (''): takes group=scope"],
    ['admins=', "entry 1 ('admins='): '' is not a scope: call, read, operate, metrics, admin"],
    ['a=admin; b=read,', "entry 2 ('b=read,'): '' is not a scope"],
    ['a=admin; b=red', "entry 2 ('b=red'): 'red' is not a scope"],
    ['a=Admin', "'Admin' is not a scope"],
    ['a=admin read', "'admin read' is not a scope"],
    ['a=crm:', "'' is not a scope"],
    ['a=crm:read:x', "'read:x' is not a scope"],
    ['a=:read', "'' is not a project's name"],
    ['a=*:read', "'*' is not a project's name"],
    ['a=Crm:read', "'Crm' is not a project's name"],
    ['a=call-x:read', "'call-x' is not a project's name"],
    ['a\u0007b=read', 'no control characters'],
    [`${'g'.repeat(256)}=read`, 'at most 255 characters'],
    ['a=crm:read; b=call; a=crm:call', "entry 3: the group 'a' has scopes in the project 'crm' already"],
    [Array.from({ length: 201 }, (_none, at) => `g${at}=read`).join(';'), 'at most 200 groups, and has 201'],
  ])('refuses %j, and says where and why', (text, why) => {
    expect(() => parseGroupMap(text)).toThrow(why);
  });

  it('quotes long entries by their beginning only', () => {
    expect(() => parseGroupMap('x'.repeat(500))).toThrow(/^entry 1 \('x{59}…'\)/);
  });
});

describe('what a person may do', () => {
  const map = parseGroupMap('a=crm:read; b=call; c=crm:operate,call; a=call,read; d=operate');

  it('is in the project of the first entry, with the scopes of all entries of that project', () => {
    expect(rightsOf(map, ['c', 'a'])).toEqual({ project: 'crm', scopes: ['call', 'read', 'operate'] });
    expect(rightsOf(map, ['a'])).toEqual({ project: 'crm', scopes: ['read'] });
    expect(rightsOf(map, ['d', 'b'])).toEqual({ project: 'default', scopes: ['call', 'operate'] });
    expect(rightsOf(map, ['b', 'a'])).toEqual({ project: 'crm', scopes: ['read'] });
  });

  it('is nothing without a group of the map, however similar', () => {
    for (const groups of [[], ['A'], ['a '], ['aa'], ['']]) expect(rightsOf(map, groups)).toBeUndefined();
  });

  it('is the same by the groups that are kept', () => {
    const group = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'A');
    fc.assert(
      fc.property(fc.array(group), (groups) => {
        const kept = groupsInMap(map, groups);
        expect(rightsOf(map, kept)).toEqual(rightsOf(map, groups));
        expect(kept).not.toContain('e');
        expect(new Set(kept).size).toBe(kept.length);
      }),
    );
  });

  it('is kept in a bounded size: the last groups of the map are left out', () => {
    const names = Array.from({ length: 100 }, (_none, at) => `${at}${'ü'.repeat(50)}`);
    const many = parseGroupMap(names.map((name) => `${name}=read`).join(';'));
    const kept = groupsInMap(many, names.toReversed());
    expect(kept).toEqual(names.slice(0, kept.length));
    expect(kept.length).toBeGreaterThan(10);
    expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(1_500);
  });
});
