import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json, both when running from the sources and from the build. */
export const packageRoot = findUpwards(dirname(fileURLToPath(import.meta.url)), 'package.json');

/** The workflow bundle, which `npm run build` writes. */
export const workflowBundlePath = join(packageRoot, 'dist', 'workflow-bundle.js');
/** The workflow bundle for workers with a build id. `npm run build` writes it too. */
export const versionedWorkflowBundlePath = join(packageRoot, 'dist', 'versioned-workflow-bundle.js');

/** The desk's files, written by `npm run build`. */
export const webDir = join(packageRoot, 'dist', 'web');

/** The folder of downloaded binaries. It is independent of the data directory, so that several nodes share it. */
export const binariesDir = join(packageRoot, '.holdfast', 'bin');

function findUpwards(folder: string, name: string): string {
  if (existsSync(join(folder, name))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`No ${name} in any folder above the sources`);
  return findUpwards(parent, name);
}
