/** The tables of docs/architecture.md that are written by hand name files: those that are there, and all of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const architecture = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');

/** The paths below src that the first column of a section's table names. */
function filesNamedIn(heading: string): string[] {
  const section = architecture.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => line.split('|')[1]?.match(/`[\w-]+(\/[\w-]+)*(\.ts)?`/g) ?? [])
    .map((quoted) => quoted.slice(1, -1))
    .filter((path) => path.includes('/') || path.endsWith('.ts'));
}

it('the table of caches names every file that has an LRU cache, and no other', () => {
  const cached = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .filter((path) => readFileSync(join(root, 'src', path), 'utf8').includes('new LRUCache'));
  expect(cached.length).toBeGreaterThan(0);
  expect([...new Set(filesNamedIn('Caches'))].sort()).toEqual(cached.sort());
});

it('the places where features would go are files that exist', () => {
  const section = architecture.split(/^## /m).find((text) => text.startsWith('Where would it go?')) ?? '';
  const named = [...section.matchAll(/`([\w-]+(?:\/[\w-]+)+\.ts)`/g)].map(([, path = '']) => path);
  expect(named).toContain('domain/ids.ts');
  expect(named.filter((path) => !existsSync(join(root, 'src', path)))).toEqual([]);
});

it('the list of what is written by hand names files that exist', () => {
  const named = filesNamedIn('Written by hand');
  expect(named).toContain('lib/semaphore.ts');
  expect(named.filter((path) => !existsSync(join(root, 'src', path)))).toEqual([]);
});
