/** Without a behaviour of its own, a workflow would stay with the version that began it for as long as it lives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/platform/paths.ts';

const source = (file: string): string => readFileSync(join(packageRoot, 'src/workflows', file), 'utf8');

test('every workflow has a versioning behaviour of its own', () => {
  const exported = [...source('index.ts').matchAll(/export \{ (\w+) \}/g)].map(([, name]) => name);
  const set = [...source('versioned.ts').matchAll(/setWorkflowOptions\(\{ .* \}, (\w+)\)/g)].map(
    ([, name]) => name,
  );
  expect(exported.length).toBeGreaterThan(10);
  expect(set.toSorted()).toEqual(exported.toSorted());
});
