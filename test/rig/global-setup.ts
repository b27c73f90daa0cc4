/**
 * Once per run: builds the sources, unless TEST_BUILT says that this was just done, and fetches the temporal CLI, so that no
 * test file has to.
 */
import { execFileSync } from 'node:child_process';
import { findTemporalCli } from '../../src/platform/embedded/find-cli.ts';
import { binariesDir, packageRoot } from '../../src/platform/paths.ts';
import { findChromium } from './find-chromium.ts';

export default async function setup(): Promise<void> {
  if (process.env['TEST_BUILT'] === undefined)
    execFileSync('npm', ['run', 'build', '--silent'], { cwd: packageRoot, stdio: 'inherit' });
  if (findChromium() === undefined)
    console.log('No Chromium here: the tests of the desk are left out. Install it, or set CHROMIUM_PATH.');
  await findTemporalCli({ configured: undefined, binariesDir });
}
