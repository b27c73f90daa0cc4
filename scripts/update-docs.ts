/** `npm run docs`: regenerates the tables in README.md and docs/. */
import { readFile, writeFile } from 'node:fs/promises';
import { docFiles, withTables } from './doc-tables.ts';

for (const path of await docFiles()) {
  const before = await readFile(path, 'utf8');
  const after = withTables(before);
  if (after === before) continue;
  await writeFile(path, after);
  console.log(`updated ${path}`);
}
