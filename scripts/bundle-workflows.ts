/** Bundles the workflow code into dist/, once for each kind of worker, so that a worker starts without webpack. */
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
  // Run once, not once per workflow: nothing in these modules changes after they are loaded.
  const { code } = await bundleWorkflowCode({ workflowsPath, logger, preloadModules: [workflowsPath] });
  // By one rename: a worker that starts meanwhile reads the old one or the new one.
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, path);
};
await bundle('index.ts', workflowBundlePath);
await bundle('versioned.ts', versionedWorkflowBundlePath);
