import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, whether this runs from the sources or from the build. */
export const packageRoot = findUpwards(dirname(fileURLToPath(import.meta.url)), 'package.json');

/** Written by `npm run build`. */
export const workflowBundlePath = join(packageRoot, 'dist', 'workflow-bundle.js');
/** The same for workers with a build id. */
export const versionedWorkflowBundlePath = join(packageRoot, 'dist', 'versioned-workflow-bundle.js');

/** The desk's files, written by `npm run build`. */
export const webDir = join(packageRoot, 'dist', 'web');

/** Fetched binaries, whatever the data directory is. */
export const binariesDir = join(packageRoot, '.holdfast', 'bin');

function findUpwards(folder: string, name: string): string {
  if (existsSync(join(folder, name))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`No ${name} in any folder above the sources`);
  return findUpwards(parent, name);
}
