import { expect, test } from 'vitest';
import { readOptions } from '../../cluster/options.ts';

test('a cluster has two facades and three workers, and the shards of its data', () => {
  expect(readOptions([], false)).toMatchObject({ facades: 2, workers: 3, shards: undefined });
});

test('its numbers are taken from the command line, and its folder is made absolute', () => {
  const args = ['--facades', '1', '--workers', '5', '--shards=512', '--data', 'here'];
  expect(readOptions(args, true)).toEqual({
    facades: 1,
    workers: 5,
    shards: 512,
    dataDir: `${process.cwd()}/here`,
  });
});

test("root's data is where the user that PostgreSQL runs as can enter", () => {
  expect(readOptions([], false)?.dataDir).toMatch(/\/\.holdfast\/cluster$/);
  expect(readOptions([], true)?.dataDir).toBe('/var/lib/holdfast-cluster');
});

test.each([
  [['--facades', '0'], /--facades takes a whole number from 1 to 64/],
  [['--workers', '1.5'], /--workers takes a whole number/],
  [['--shards', 'many'], /--shards takes a whole number from 1 to 16384/],
  [['--nodes', '3'], /--nodes/],
  [['--data', ''], /--data takes a folder, and is empty/],
])('%j is refused', (args, told) => {
  expect(() => readOptions(args, false)).toThrow(told);
});

test('--help asks for nothing else', () => {
  expect(readOptions(['--help'], false)).toBeUndefined();
});
