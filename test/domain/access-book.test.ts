import { describe, expect, it } from 'vitest';
import { AccessBook, withoutRotated, type Actor, type NewKey } from '../../src/domain/access-book.ts';

const empty = { keys: [], everKeyed: false };
const open: Actor = { kind: 'open' };
const bootstrap: Actor = { kind: 'bootstrap' };
const by = (id: string, digest = `secret of ${id}`): Actor => ({ kind: 'key', id, digest });
const admin = (id: string): NewKey => ({ id, name: id, scopes: ['admin'], digest: `secret of ${id}` });
const caller = (id: string): NewKey => ({ ...admin(id), scopes: ['call'] });

it('the first key that nobody with a key creates must have admin', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  expect(book.refusalOfCreation(caller('a'), open, 0)?.type).toBe('first_key_not_admin');
  expect(book.refusalOfCreation(caller('a'), bootstrap, 0)).toBeUndefined();
  expect(book.refusalOfCreation(admin('a'), open, 0)).toBeUndefined();
});

it('of two nodes that think there is no key yet, one creates the first', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create(admin('a'), 0);
  expect(book.refusalOfCreation(admin('b'), open, 0)?.type).toBe('unauthorized');
  expect(book.refusalOfRevocation('a', open, 0)?.type).toBe('unauthorized');
  expect(book.refusalOfChange('a', open, 0)?.type).toBe('unauthorized');
});

it('stays closed when its last key has ended', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create(admin('a'), 0);
  book.revoke('a', 1);
  const renewed = new AccessBook(book.state(), { maxKeys: 10 });
  expect(renewed.refusalOfCreation(admin('b'), open, 2)?.type).toBe('unauthorized');
});

it('an actor whose key has ended, is unknown or lacks admin changes nothing', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create({ ...admin('gone'), expiresAt: 5 }, 0);
  book.create(caller('weak'), 0);
  book.create(admin('boss'), 0);
  expect(book.refusalOfCreation(admin('x'), by('gone'), 5)?.type).toBe('unauthorized');
  expect(book.refusalOfCreation(admin('x'), by('nobody'), 5)?.type).toBe('unauthorized');
  expect(book.refusalOfCreation(admin('x'), by('weak'), 5)?.type).toBe('scope_missing');
  expect(book.refusalOfCreation(admin('x'), by('boss'), 5)).toBeUndefined();
});

it('a rotated key has its last two secrets; without an overlap only the new one', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create(admin('a'), 0);
  expect(book.rotate('a', 'two', 100, 1).secrets).toEqual([
    { digest: 'secret of a', until: 100 },
    { digest: 'two' },
  ]);
  expect(book.rotate('a', 'three', 200, 2).secrets).toEqual([
    { digest: 'two', until: 200 },
    { digest: 'three' },
  ]);
  expect(book.rotate('a', 'four', 3, 3).secrets).toEqual([{ digest: 'four' }]);
});

it('a key that is unknown or has ended is not rotated', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create(admin('boss'), 0);
  book.create({ ...caller('old'), expiresAt: 5 }, 0);
  expect(book.refusalOfChange('nobody', by('boss'), 6)?.type).toBe('key_not_found');
  expect(book.refusalOfChange('old', by('boss'), 6)?.type).toBe('key_ended');
  expect(book.refusalOfChange('boss', by('boss'), 6)).toBeUndefined();
});

it('the last admin key revokes itself only with the help of a bootstrap key', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create(admin('boss'), 0);
  book.create(caller('weak'), 0);
  expect(book.refusalOfRevocation('nobody', by('boss'), 1)?.type).toBe('key_not_found');
  expect(book.refusalOfRevocation('boss', by('boss'), 1)?.type).toBe('last_admin_key');
  expect(book.refusalOfRevocation('weak', by('boss'), 1)).toBeUndefined();
  expect(book.refusalOfRevocation('boss', bootstrap, 1)).toBeUndefined();
  book.create(admin('second'), 1);
  expect(book.refusalOfRevocation('boss', by('boss'), 1)).toBeUndefined();
  expect(book.revoke('boss', 2).revokedAt).toBe(2);
  expect(book.revoke('boss', 3).revokedAt).toBe(2);
});

it('counts valid keys, and drops those that ended first to make room', () => {
  const book = new AccessBook(empty, { maxKeys: 2 });
  book.create(admin('boss'), 0);
  book.create({ ...caller('a'), expiresAt: 8 }, 0);
  expect(book.refusalOfCreation(caller('b'), by('boss'), 1)?.type).toBe('keys_full');
  expect(book.refusalOfCreation(caller('b'), by('boss'), 8)).toBeUndefined();
  book.create(caller('b'), 8);
  expect(book.state().keys.map(({ id }) => id)).toEqual(['boss', 'b']);
  book.revoke('b', 9);
  book.create(caller('c'), 10);
  expect(book.state().keys.map(({ id }) => id)).toEqual(['boss', 'c']);
});

it('drops the key first that ended first', () => {
  const book = new AccessBook(empty, { maxKeys: 3 });
  book.create(admin('boss'), 0);
  book.create(caller('revoked'), 0);
  book.create({ ...caller('expired'), expiresAt: 3 }, 0);
  book.revoke('revoked', 5);
  book.create(caller('new'), 10);
  expect(book.state().keys.map(({ id }) => id)).toEqual(['boss', 'revoked', 'new']);
});

it('a change of a key that it does not have is a fault', () => {
  expect(() => new AccessBook(empty, { maxKeys: 2 }).revoke('a', 0)).toThrow('No key a');
});

it('tells in its memo what facades must learn without a worker', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  expect(book.memo()).toBeUndefined();
  book.create(admin('boss'), 0);
  book.create(caller('weak'), 0);
  book.revoke('weak', 1);
  expect(book.memo()).toEqual({ everKeyed: true, revoked: ['weak'], rotated: {}, closed: [] });
  book.createProject('crm', 2);
  book.closeProject('crm', 3);
  expect(book.memo()).toEqual({ everKeyed: true, revoked: ['weak'], rotated: {}, closed: ['crm'] });
  expect(new AccessBook({ ...empty, earlierCallersUntil: 9 }, { maxKeys: 10 }).state()).toMatchObject({
    earlierCallersUntil: 9,
  });
});

describe('projects', () => {
  const boss = by('boss');
  const withCrm = () => {
    const book = new AccessBook(empty, { maxKeys: 10, maxProjects: 2 });
    book.create(admin('boss'), 0);
    expect(book.refusalOfProject('crm', boss, 1)).toBeUndefined();
    expect(book.createProject('crm', 1)).toEqual({ name: 'crm', createdAt: 1 });
    return book;
  };

  it('have names of their own for good, and a bound', () => {
    const book = withCrm();
    expect(book.refusalOfProject('crm', boss, 2)).toMatchObject({ type: 'project_exists' });
    expect(book.refusalOfProject('default', boss, 2)).toMatchObject({ type: 'project_exists' });
    book.closeProject('crm', 2);
    expect(book.refusalOfProject('crm', boss, 2)).toMatchObject({ type: 'project_exists' });
    book.createProject('shop', 3);
    expect(book.refusalOfProject('third', boss, 4)).toMatchObject({ type: 'projects_full' });
    expect(book.state().projects).toHaveLength(2);
  });

  it('are closed once, and never default', () => {
    const book = withCrm();
    expect(book.refusalOfClosing('default', boss, 1)).toMatchObject({ type: 'default_project' });
    expect(book.refusalOfClosing('none', boss, 1)).toMatchObject({ type: 'project_not_found' });
    expect(book.refusalOfClosing('crm', boss, 1)).toBeUndefined();
    expect(book.closeProject('crm', 5)).toEqual({ name: 'crm', createdAt: 1, closedAt: 5 });
    expect(book.closeProject('crm', 6).closedAt).toBe(5);
    expect(() => book.closeProject('none', 6)).toThrow('No project none');
  });

  it('take keys only while they are open', () => {
    const book = withCrm();
    const ofProject = (project: string) => ({ ...caller('a'), project });
    expect(book.refusalOfCreation(ofProject('none'), boss, 1)).toMatchObject({ type: 'project_not_found' });
    expect(book.refusalOfCreation(ofProject('crm'), boss, 1)).toBeUndefined();
    book.closeProject('crm', 2);
    expect(book.refusalOfCreation(ofProject('crm'), boss, 3)).toMatchObject({ type: 'project_closed' });
  });

  it('are not closed by the last key with the scope admin, if it would end with them', () => {
    const book = withCrm();
    book.create({ ...admin('of crm'), project: 'crm' }, 0);
    book.revoke('boss', 1);
    expect(book.refusalOfClosing('crm', by('of crm'), 2)).toMatchObject({ type: 'last_admin_key' });
    expect(book.refusalOfClosing('crm', { kind: 'bootstrap' }, 2)).toBeUndefined();
  });

  it('have limits, as keys do', () => {
    const book = withCrm();
    expect(book.refusalOfProjectLimits('crm', boss, 1)).toBeUndefined();
    expect(book.refusalOfProjectLimits('none', boss, 1)).toMatchObject({ type: 'project_not_found' });
    expect(book.refusalOfProjectLimits('default', boss, 1)).toMatchObject({ type: 'default_project' });
    expect(book.refusalOfProjectLimits('crm', by('none'), 1)).toMatchObject({ type: 'unauthorized' });
    expect(book.limitProject('crm', { callsPerDay: 5 })).toMatchObject({ limits: { callsPerDay: 5 } });
    expect(book.limitProject('crm', {}).limits).toEqual({});
    book.create(caller('a'), 0);
    expect(book.limitKey('a', { callsInFlight: 2 })).toMatchObject({ limits: { callsInFlight: 2 } });
    expect(book.state().keys.find(({ id }) => id === 'a')?.limits).toEqual({ callsInFlight: 2 });
  });

  it('are changed by those with the scope admin', () => {
    const book = withCrm();
    book.create(caller('a'), 0);
    const weak = by('a');
    expect(book.refusalOfProject('new', weak, 1)).toMatchObject({ type: 'scope_missing' });
    expect(book.refusalOfClosing('crm', weak, 1)).toMatchObject({ type: 'scope_missing' });
  });
});

it('tells which secrets a rotated key has left', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  const before = book.create(admin('boss'), 0);
  book.rotate('boss', 'second secret of boss', 100, 1);
  book.rotate('boss', 'third secret of boss!', 1, 1);
  expect(withoutRotated(before, book.memo() ?? {}).secrets).toEqual([]);
  const other = book.create(admin('other'), 0);
  expect(withoutRotated(other, book.memo() ?? {})).toBe(other);
});

it('a secret that was rotated away, or whose overlap is over, changes nothing any more', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  book.create(admin('boss'), 0);
  book.rotate('boss', 'second', 100, 1);
  expect(book.refusalOfCreation(admin('evil'), by('boss'), 99)).toBeUndefined();
  for (const refused of [
    book.refusalOfCreation(admin('evil'), by('boss'), 100),
    book.refusalOfChange('boss', by('boss'), 100),
    book.refusalOfRevocation('boss', by('boss', 'wrong'), 100),
  ])
    expect(refused).toMatchObject({ type: 'unauthorized' });
  expect(book.refusalOfChange('boss', by('boss', 'second'), 100)).toBeUndefined();
});

it('a change that is sent again has no further effect', () => {
  const book = new AccessBook(empty, { maxKeys: 10 });
  const created = book.create(admin('boss'), 0);
  expect(book.create(admin('boss'), 5)).toEqual(created);
  const rotated = book.rotate('boss', 'two', 100, 1);
  expect(book.rotate('boss', 'two', 200, 2)).toEqual(rotated);
});

it('refuses a key that would make its state too large, and drops ended ones to make room', () => {
  const book = new AccessBook(empty, { maxKeys: 10_000 });
  book.create(admin('boss'), 0);
  const large = (id: string) => ({
    ...caller(id),
    agents: Array.from({ length: 100 }, () => 'x'.repeat(1_000)),
  });
  for (let n = 0; n < 10; n++) book.create(large(`large-${n}`), 0);
  expect(book.refusalOfCreation(large('next'), by('boss'), 1)?.detail).toContain('bytes');
  book.revoke('large-0', 1);
  expect(book.refusalOfCreation(large('next'), by('boss'), 2)).toBeUndefined();
  book.create(large('next'), 2);
  expect(book.state().keys.map(({ id }) => id)).not.toContain('large-0');
});
