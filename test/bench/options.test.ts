import { describe, expect, it } from 'vitest';
import { help, readOptions } from '../../bench/options.ts';
import { rowNames } from '../../bench/row-names.ts';

describe('the options of npm run bench', () => {
  it('measure every row by default', () => {
    expect(readOptions([])).toMatchObject({
      calls: 200,
      rounds: 5,
      concurrency: [16, 64],
      rows: rowNames,
      stored: 10_000,
      kind: 'run',
    });
  });

  it('take rows by name, and keep the order of the table', () => {
    expect(readOptions(['--rows', 'session, floor'])?.rows).toEqual(['floor', 'session']);
  });

  it('--nightly is --growth beside 100,000', () => {
    expect(readOptions(['--nightly'])).toMatchObject({ kind: 'nightly', stored: 100_000 });
  });

  it('--memory is a run of its own', () => {
    expect(readOptions(['--memory'])).toMatchObject({ kind: 'memory', stored: 10_000 });
  });

  it.each([
    [['--calls', 'many'], /--calls takes a whole number from 5, not 'many'/],
    [['--rounds', '0'], /--rounds takes a whole number from 1/],
    [['--concurrency', '16,1'], /--concurrency takes a whole number from 2, not '1'/],
    [['--rows', 'floor,nonsense'], /No such row: nonsense/],
    [['--rows', ''], /names no row/],
    [['--nightly', '--stored', '5'], /leave --stored away/],
    [['--memory', '--growth'], /a run of its own/],
    [['--nonsense'], /Unknown option/],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('--help names every row', () => {
    expect(readOptions(['--help'])).toBeUndefined();
    for (const name of rowNames) expect(help).toContain(`  ${name} `);
  });
});
