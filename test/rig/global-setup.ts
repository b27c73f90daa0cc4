/** Once per run: the workflow bundle of today's sources, and the temporal CLI, so that no test file fetches it. */
import { execFileSync } from 'node:child_process';
import { findTemporalCli } from '../../src/platform/embedded/find-cli.ts';
import { binariesDir, packageRoot } from '../../src/platform/paths.ts';

export default async function setup(): Promise<void> {
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: packageRoot, stdio: 'inherit' });
  await findTemporalCli({ configured: undefined, binariesDir });
}
