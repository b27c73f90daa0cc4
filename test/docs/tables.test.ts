/** The docs list exactly what the code has: settings, failures, refusals, endpoints; links lead somewhere. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { docFiles, withTables } from '../../scripts/doc-tables.ts';
import { packageRoot } from '../../src/platform/paths.ts';

const files = await docFiles();

describe.each(files.map((path) => ({ name: relative(packageRoot, path), path })))('$name', ({ path }) => {
  it('has its generated tables as npm run docs writes them', async () => {
    const text = await readFile(path, 'utf8');
    expect(withTables(text)).toBe(text);
  });

  it('links only to files that exist', async () => {
    const text = await readFile(path, 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });
});

it('every generated table is in the docs, once', async () => {
  const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/<!-- table: ([\w-]+) -->/g)].map(([, name]) => name),
  );
  expect(names.sort()).toEqual([
    'cli-settings',
    'commands',
    'endpoints',
    'exit-codes',
    'failures',
    'metrics',
    'metrics-process',
    'metrics-temporal',
    'refusals',
    'rejection-reasons',
    'scopes',
    'settings',
    'settings-first',
    'settings-removed',
  ]);
});

it('a marker with the name of a table that does not exist is refused', () => {
  expect(() => withTables('<!-- table: nonsense -->\n<!-- end -->')).toThrow('nonsense');
});
