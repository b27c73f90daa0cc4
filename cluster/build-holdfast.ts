import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { packageRoot } from '../src/platform/paths.ts';
import { StartupError } from '../src/platform/startup-error.ts';

/**
 * Builds Holdfast, because facades and workers run the compiled code, not the sources. Throws `StartupError` if the build
 * fails, or the abort reason of `signal`.
 */
export async function buildHoldfast(report: (line: string) => void, signal: AbortSignal): Promise<void> {
  report('Building Holdfast');
  const child = spawn('npm', ['run', 'build', '--silent'], { cwd: packageRoot, stdio: 'inherit', signal });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new StartupError(
        'Holdfast could not be built: fix the errors of the build above and start again',
      );
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    child.kill();
  }
}
