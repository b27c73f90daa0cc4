/** Which nodes may join a cluster. */
import { expect, test } from 'vitest';
import { breachesOf, parseTerms, termsOf, type ClusterTerms } from '../../src/domain/cluster-terms.ts';
import { cardOf } from './node-support.ts';

const terms: ClusterTerms = { keyFingerprint: 'key', storeId: 'store', generation: 2 };
const node = cardOf({ generation: 2 });

test('a node with the key, payload store and generation of the cluster may join', () => {
  expect(breachesOf(terms, node, [])).toEqual([]);
  expect(breachesOf(terms, node, [cardOf({ id: 'other', generation: 1, keyFingerprint: 'x' })])).toEqual([]);
});

test('another key and another payload store are each a reason to refuse, even if no other node is running', () => {
  expect(breachesOf(terms, { ...node, keyFingerprint: 'x', storeId: 'y' }, [])).toEqual([
    'encryption_key',
    'payload_store',
  ]);
});

test('a payload store that cannot be reached is not compared', () => {
  expect(breachesOf(terms, { ...node, storeId: undefined }, [])).toEqual([]);
});

test('a node of an older generation may not join; one of a newer generation may join when no older node is running', () => {
  expect(breachesOf(terms, { ...node, generation: 1 }, [])).toEqual(['older']);
  expect(breachesOf(terms, { ...node, generation: 1 }, [cardOf({ generation: 1 })])).toEqual(['older']);
  const newer = { ...node, generation: 3 };
  expect(breachesOf(terms, newer, [node])).toEqual(['newer']);
  expect(breachesOf(terms, newer, [cardOf({ id: 'other', generation: 3 })])).toEqual([]);
});

test('the terms match the node; an unreachable payload store keeps its id, and without an id there are no terms', () => {
  expect(termsOf({ ...node, keyFingerprint: 'new', generation: 3 }, terms)).toEqual({
    keyFingerprint: 'new',
    storeId: 'store',
    generation: 3,
  });
  const away = { ...node, storeId: undefined };
  expect(termsOf(away, terms)).toEqual(terms);
  expect(termsOf(away)).toBeUndefined();
});

test('a node may not join beside a node of a newer generation, which may be about to raise the terms', () => {
  expect(breachesOf(terms, node, [node, cardOf({ id: 'newer', generation: 3 })])).toEqual(['older']);
});

test('a memo with anything else is not accepted as terms', () => {
  expect(parseTerms(terms)).toEqual(terms);
  expect(parseTerms({ ...terms, since: 'later versions' })).toEqual(terms);
  for (const other of [undefined, null, 'terms', { ...terms, generation: '2' }, { keyFingerprint: 'key' }])
    expect(parseTerms(other)).toBeUndefined();
});
