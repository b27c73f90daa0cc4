/** Two things that are not the same may never share a key, or one would be given what is the other's. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  batchKey,
  callKey,
  callListKey,
  callPageKey,
  firstTryKey,
  outcomeKey,
  requestKey,
  runKey,
  sessionKey,
} from '../../src/domain/cache-keys.ts';

/** Names with the separators of JSON among them. */
const name = fc.string({ unit: fc.constantFrom('a', '"', ',', '\\', '[', ' '), maxLength: 4 });

test('calls, sessions and batches are kept under their own ids', () => {
  expect([callKey('c'), sessionKey('s'), batchKey('b')]).toEqual(['c', 's', 'b']);
});

test('the keys of requests, first tries and outcomes keep their form', () => {
  expect(requestKey({ callId: 'c', runId: 'r', agent: 'a' })).toBe('["c","r","a"]');
  expect(firstTryKey('r', 'a')).toBe('["r","a"]');
  expect(outcomeKey({ callId: 'c', agent: 'a' })).toBe('["c","a"]');
});

test('requests of two agents, calls or runs never share a key, whatever they are named', () => {
  fc.assert(
    fc.property(fc.tuple(name, name, name), fc.tuple(name, name, name), (one, other) => {
      const keyOf = ([callId, runId, agent]: [string, string, string]) =>
        requestKey({ callId, runId, agent });
      expect(keyOf(one) === keyOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test('a live list has one key, in whatever order the members of its filter came', () => {
  const wish = { limit: 50, order: 'desc' };
  const key = callListKey({ search: { status: 'failed', agent: 'a' }, wish });
  expect(callListKey({ search: { agent: 'a', status: 'failed' }, wish: { order: 'desc', limit: 50 } })).toBe(
    key,
  );
  expect(callListKey({ search: { agent: 'a', status: 'failed' }, wish: { ...wish, limit: 51 } })).not.toBe(
    key,
  );
  expect(callListKey({ search: { agent: 'b', status: 'failed' }, wish })).not.toBe(key);
});

test('the runs of one call are told from each other', () => {
  const key = runKey({ callId: 'a', runId: 'b' });
  expect(key).toBe(runKey({ callId: 'a', runId: 'b' }));
  expect(key).not.toBe(runKey({ callId: 'a', runId: 'c' }));
});

test('a page of a list is told from the other pages', () => {
  expect(callPageKey('q', 50, undefined)).not.toBe(callPageKey('q', 50, 'next'));
  expect(callPageKey('q', 50, 'next')).toBe(callPageKey('q', 50, 'next'));
});
