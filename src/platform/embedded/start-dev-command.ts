import { serverTable } from '../server-table.ts';
import { databaseIn } from './data-dir.ts';

/**
 * The settings of the dynamic configuration as arguments. Values must be JSON, or the server does not start. For a value of the
 * wrong type it only logs a warning.
 */
const dynamicConfig = Object.entries(serverTable.dynamicConfig).map(
  ([name, value]) => `${name}=${JSON.stringify(value)}`,
);

/**
 * How many pages (4 KiB each) SQLite's write-ahead log may have before they are copied to the database. A call writes about
 * 300, mostly the same pages as the previous call. With SQLite's default of 1,000 they would be copied and synced after every
 * third call.
 */
const walPages = 8_192;

/** The inputs of the server's command line. */
export interface StartDevOptions {
  readonly cli: string;
  readonly dataDir: string;
  readonly port: number;
  readonly uiPort: number | 'off';
  /** Ports of the HTTP API and the metrics. They cannot be turned off. Default: the server picks free ones. */
  readonly httpPort?: number;
  readonly metricsPort?: number;
  /** SQLite's mode `synchronous`. With `normal` the data survives kill -9, with `full` also a power loss. */
  readonly synchronous: 'normal' | 'full';
  /**
   * The size of SQLite's page cache. With the default of 2 MB calls become slower as the database grows, because its index
   * pages no longer fit.
   */
  readonly cacheBytes: number;
  /** Settings in addition to `dynamicConfig` of the server table, e.g. `frontend.namespaceRPS=10`. Default: none. */
  readonly dynamicConfig?: readonly string[];
}

/** Returns the command line of the server, which logs to standard error. */
export function startDevCommand(options: StartDevOptions): string[] {
  const { cli, dataDir, port, uiPort, httpPort, metricsPort, synchronous, cacheBytes } = options;
  const flags = {
    ip: ['127.0.0.1'],
    port: [String(port)],
    ...(uiPort === 'off' ? {} : { 'ui-port': [String(uiPort)] }),
    ...(httpPort === undefined ? {} : { 'http-port': [String(httpPort)] }),
    ...(metricsPort === undefined ? {} : { 'metrics-port': [String(metricsPort)] }),
    'db-filename': [databaseIn(dataDir)],
    'sqlite-pragma': [
      'journal_mode=wal',
      `synchronous=${synchronous}`,
      `cache_size=-${Math.ceil(cacheBytes / 1_024)}`,
      `wal_autocheckpoint=${walPages}`,
    ],
    'log-level': ['warn'],
    'log-format': ['json'],
    'dynamic-config-value': [...dynamicConfig, ...(options.dynamicConfig ?? [])],
  };
  const pairs = Object.entries(flags).flatMap(([flag, values]) =>
    values.flatMap((value) => [`--${flag}`, value]),
  );
  return [cli, 'server', 'start-dev', ...pairs, ...(uiPort === 'off' ? ['--headless'] : [])];
}
