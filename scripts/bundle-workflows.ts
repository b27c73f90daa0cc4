/** Bundles the workflow code into dist/, one bundle for each kind of worker, so that a worker starts without webpack. */
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { versionedWorkflowBundlePath, workflowBundlePath } from '../src/platform/paths.ts';

const logger = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: console.warn,
  error: console.error,
};
const workflowsIn = (file: string): string =>
  fileURLToPath(new URL(`../src/workflows/${file}`, import.meta.url));

const bundle = async (entry: string, path: string): Promise<void> => {
  const workflowsPath = workflowsIn(entry);
  // These modules are loaded once, not once per workflow: nothing in them changes after they are loaded.
  const { code } = await bundleWorkflowCode({ workflowsPath, logger, preloadModules: [workflowsPath] });
  // One rename, so that a worker that starts meanwhile reads either the old bundle or the new one.
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, path);
};
await bundle('index.ts', workflowBundlePath);
await bundle('versioned.ts', versionedWorkflowBundlePath);
