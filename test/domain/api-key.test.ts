import { expect, it } from 'vitest';
import { allows, hasSecret, mayCall, scopes, stateOf, type ApiKey } from '../../src/domain/api-key.ts';

const key: ApiKey = { id: 'a', name: 'crm', scopes: ['call'], createdAt: 0, secrets: [{ digest: 'x' }] };

it('a key is valid until it expires or is revoked, whichever is first', () => {
  expect(stateOf(key, 10)).toBe('valid');
  expect(stateOf({ ...key, expiresAt: 10 }, 9)).toBe('valid');
  expect(stateOf({ ...key, expiresAt: 10 }, 10)).toBe('expired');
  expect(stateOf({ ...key, expiresAt: 10, revokedAt: 5 }, 20)).toBe('revoked');
});

it('a secret with an end is valid only before it', () => {
  const rotated: ApiKey = { ...key, secrets: [{ digest: 'old', until: 10 }, { digest: 'new' }] };
  expect(hasSecret(rotated, 'old', 9)).toBe(true);
  expect(hasSecret(rotated, 'old', 10)).toBe(false);
  expect(hasSecret(rotated, 'new', 10)).toBe(true);
  expect(hasSecret(rotated, 'other', 0)).toBe(false);
});

it('admin includes every scope; other scopes only themselves', () => {
  expect(allows(['admin'], 'operate')).toBe(true);
  expect(allows(['call', 'read'], 'read')).toBe(true);
  expect(allows(['call', 'read'], 'operate')).toBe(false);
  expect(allows(['operate'], 'admin')).toBe(false);
});

it.each([
  [undefined, 'any', true],
  [['pm-*'], 'pm-north', true],
  [['pm-*'], 'pm-', true],
  [['pm-*'], 'pm', false],
  [['*-pm'], 'north-pm', true],
  [['a*b*c'], 'a1b2c', true],
  [['a*b*c'], 'abc', true],
  [['a*b*c'], 'acb', false],
  [['a*b*c'], 'axxc', false],
  [['ab*ba'], 'aba', false],
  [['exact'], 'exact', true],
  [['exact'], 'exactly', false],
  [['x', 'y'], 'y', true],
  [['.*'], 'any', false],
  [['*'], '', true],
] as const)('patterns %j and the agent %j: %s', (patterns, agent, allowed) => {
  expect(mayCall(patterns, agent)).toBe(allowed);
});

it('a key with the scope metrics may do nothing else, and no other scope but admin includes it', () => {
  for (const scope of scopes) {
    expect(allows(['metrics'], scope)).toBe(scope === 'metrics');
    expect(allows([scope], 'metrics')).toBe(scope === 'metrics' || scope === 'admin');
  }
});
