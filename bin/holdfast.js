#!/usr/bin/env node
/**
 * `npx holdfast` in a checkout, and the bin of the package. Builds first what is missing or older than the sources, as
 * `npm start` does; where there are no sources (an image) the build is as it is.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const main = join(root, 'dist', 'src', 'cli', 'main.js');
/** The build writes it last. */
const lastBuilt = join(root, 'dist', 'versioned-workflow-bundle.js');

process.setSourceMapsEnabled(true);
if (needsBuild()) build();
await import(main);

function needsBuild() {
  if (!existsSync(join(root, 'src', 'cli', 'main.ts'))) return false;
  if (!existsSync(main) || !existsSync(lastBuilt)) return true;
  const builtAt = statSync(lastBuilt).mtimeMs;
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const paths = [join(root, 'worker.ts'), ...sources.map((path) => join(root, 'src', path))];
  return paths.some((path) => path.endsWith('.ts') && statSync(path).mtimeMs > builtAt);
}

function build() {
  process.stderr.write('Building Holdfast...\n');
  // Its output is not the command's: standard output belongs to that alone.
  const { status } = spawnSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  process.stderr.write('The build failed: run npm ci, then npm run build, and look at what they say\n');
  process.exit(1);
}
