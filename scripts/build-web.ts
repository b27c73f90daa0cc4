/** Builds the desk into dist/web, with compressed copies of each text file, and removes files of an older build. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'vite';
import { packageRoot, webDir } from '../src/platform/paths.ts';

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Zod must not be in the page's bundle. ESLint forbids the import; this checks the bundle itself. */
const isForServer = (module: string): boolean =>
  /\/src\/contract\/|\/node_modules\/(zod|@asteasolutions)\//.test(module);

/** Vite reports the files that it made, but not those that it copied. */
const copied = await filesIn(join(packageRoot, 'web', 'public'));
const result = await build({ configFile: join(packageRoot, 'web', 'vite.config.ts'), logLevel: 'warn' });
if (!('output' in result)) throw new Error('The desk is built once, not watched');
const strangers = result.output
  .flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  .filter(isForServer);
if (strangers.length > 0)
  throw new Error(
    `The page would load ${strangers[0]} and ${strangers.length - 1} more modules of the server: import types only`,
  );
const made = result.output.map((file) => join(webDir, file.fileName));
const files = [...made, ...copied.map((file) => file.replace(join(packageRoot, 'web', 'public'), webDir))];

const compressed = files.flatMap((file) => [`${file}.gz`, `${file}.br`]);
for (const file of files) {
  const text = await readFile(file);
  await writeFile(`${file}.gz`, await promisify(gzip)(text, { level: 9 }));
  await writeFile(`${file}.br`, await promisify(brotliCompress)(text));
}
const current = new Set([...files, ...compressed]);
for (const file of await filesIn(webDir)) if (!current.has(file)) await rm(file);
