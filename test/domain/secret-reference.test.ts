import { expect, it } from 'vitest';
import { looksLikeReference, parseReference } from '../../src/domain/secret-reference.ts';

it.each([
  ['env:HOLDFAST_SECRET_CRM', { kind: 'env', name: 'HOLDFAST_SECRET_CRM' }],
  ['file:crm-token', { kind: 'file', name: 'crm-token' }],
  ['file:crm.token', { kind: 'file', name: 'crm.token' }],
])('%s is a reference', (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
  expect(looksLikeReference(text)).toBe(true);
});

it.each([
  'env:HOLDFAST_ENCRYPTION_KEY',
  'env:HOLDFAST_SECRET_',
  'env:HOLDFAST_SECRETS_DIR',
  'env:holdfast_secret_x',
  'env:PATH',
  'env:',
  'file:',
  'file:.',
  'file:..',
  'file:../encryption.key',
  'file:a/b',
  'file:/etc/passwd',
  'file:.hidden',
  'file:a\nb',
  'file:a:b',
  'ENV:HOLDFAST_SECRET_X',
  'File:x',
])('%s names what no reference may name', (text) => {
  expect(parseReference(text)).toBeUndefined();
  expect(looksLikeReference(text)).toBe(true);
});

it.each(['a-token', 'environment:x', ' env:HOLDFAST_SECRET_X'])('%j is a token like any other', (text) => {
  expect(parseReference(text)).toBeUndefined();
  expect(looksLikeReference(text)).toBe(false);
});
