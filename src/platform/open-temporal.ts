/** Connects this process to Temporal: to the server that the environment names, or to an embedded one that it starts. */
import type { NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';
import { checkDisk } from './embedded/disk-guard.ts';
import { DiskWatch } from './embedded/disk-watch.ts';
import { findTemporalCli } from './embedded/find-cli.ts';
import { startEmbeddedServer, type EmbeddedServer } from './embedded/server.ts';
import { every } from '../lib/every.ts';
import type { Log } from './logging.ts';
import { binariesDir } from './paths.ts';
import { ensureSearchAttributes, setRetention } from './provision.ts';
import type { Cleanups } from './shutdown.ts';
import { configuredTarget, connect, installRuntime } from './temporal-connection.ts';

/** A connection to Temporal that is ready for use. */
export interface OpenTemporal {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly address: string;
  /** Whether the server is embedded in this node. */
  readonly embedded: boolean;
  /** URL of the embedded server's Web UI. Undefined without one. */
  readonly webUiUrl: string | undefined;
  /** The ports that the embedded server listens on now. None for another server. */
  readonly ports: () => readonly number[];
  /** The watch of the disk of the embedded server's data. Undefined for a server that is not embedded. */
  readonly disk: DiskWatch | undefined;
  /** Resolves with the reason once the embedded server has ended and cannot be restarted. */
  readonly lost: Promise<string>;
}

const diskCheckMs = 60_000;

/**
 * Starts the embedded server if the environment names no other server, connects, and provisions the namespace. Registers with
 * `cleanups` what must be closed. Throws `StartupError`.
 */
export async function openTemporal(
  config: Config,
  log: Log,
  cleanups: Cleanups,
  searchAttributes: readonly { readonly name: string }[],
): Promise<OpenTemporal> {
  installRuntime(log, { metrics: true });
  const configured = configuredTarget();
  const embedded = configured ? undefined : await startEmbedded(config, log, cleanups);
  const target = configured ?? { options: { address: embedded?.address ?? '' }, namespace: 'default' };
  const connection = await connect(target);
  cleanups.add('connection to Temporal', () => connection.close());
  if (embedded) await setRetention(connection, target.namespace, config.temporal.retentionDays);
  await ensureSearchAttributes(
    connection,
    target.namespace,
    searchAttributes.map(({ name }) => name),
  );
  return {
    connection,
    namespace: target.namespace,
    address: target.options.address ?? '',
    embedded: embedded !== undefined,
    webUiUrl: embedded?.webUiUrl,
    ports: embedded?.ports ?? (() => []),
    disk: embedded?.disk,
    lost: embedded?.lost ?? new Promise(() => undefined),
  };
}

async function startEmbedded(
  { dataDir, temporal }: Config,
  log: Log,
  cleanups: Cleanups,
): Promise<EmbeddedServer & { readonly disk: DiskWatch }> {
  const cli = await findTemporalCli({ configured: temporal.cli, binariesDir });
  const server = await startEmbeddedServer({ ...temporal, cli, dataDir }, log);
  cleanups.add('embedded Temporal server', () => server.stop());
  const guard = () => checkDisk(dataDir, temporal.minFreeBytes, log);
  await guard();
  cleanups.add(
    'disk guard',
    every(diskCheckMs, guard, (error) => {
      log.warn({ err: error, dataDir }, "The free space of the data directory's disk could not be read");
    }),
  );
  const disk = new DiskWatch(dataDir, temporal.reserveBytes, log);
  await disk.look();
  cleanups.add('disk watch', disk.start());
  return { ...server, disk };
}
