import { expect, test } from 'vitest';
import { readOptions } from '../../cluster/options.ts';

test('by default a cluster has two facades, three workers and the shards of its data', () => {
  expect(readOptions([], false)).toMatchObject({ facades: 2, workers: 3, shards: undefined });
});

test('the numbers are read from the command line, and the folder becomes an absolute path', () => {
  const args = ['--facades', '1', '--workers', '5', '--shards=512', '--data', 'here'];
  expect(readOptions(args, true)).toEqual({
    facades: 1,
    workers: 5,
    shards: 512,
    dataDir: `${process.cwd()}/here`,
  });
});

test('the data of root is in a folder that the user of PostgreSQL can enter', () => {
  expect(readOptions([], false)?.dataDir).toMatch(/\/\.holdfast\/cluster$/);
  expect(readOptions([], true)?.dataDir).toBe('/var/lib/holdfast-cluster');
});

test.each([
  [['--facades', '0'], /--facades takes a whole number from 1 to 64/],
  [['--workers', '1.5'], /--workers takes a whole number/],
  [['--shards', 'many'], /--shards takes a whole number from 1 to 16384/],
  [['--nodes', '3'], /--nodes/],
  [['--data', ''], /--data is empty: it takes a folder/],
])('%j is refused', (args, message) => {
  expect(() => readOptions(args, false)).toThrow(message);
});

test('--help ignores all other options', () => {
  expect(readOptions(['--help'], false)).toBeUndefined();
});
