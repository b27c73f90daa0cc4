import { serverTable } from '../server-table.ts';
import { databaseIn } from './data-dir.ts';

/** Values are JSON: the server refuses to start with what is none, and warns in its log of one that a setting does not take. */
const dynamicConfig = Object.entries(serverTable.dynamicConfig).map(
  ([name, value]) => `${name}=${JSON.stringify(value)}`,
);

/**
 * Pages of its write-ahead log (4 KiB each) before they are copied into the database. A call writes some 300, most of them the
 * same pages as the call before: SQLite's default of 1,000 copies and syncs those after every third call.
 */
const walPages = 8_192;

export interface StartDevOptions {
  readonly cli: string;
  readonly dataDir: string;
  readonly port: number;
  readonly uiPort: number | 'off';
  /** SQLite's: normal survives kill -9, full also power loss. */
  readonly synchronous: 'normal' | 'full';
  /** SQLite's page cache. Its default of 2 MB makes calls dearer with what is stored: inner pages of the indexes fall out. */
  readonly cacheBytes: number;
}

/** The command line of the server; it logs to its standard error. */
export function startDevCommand(options: StartDevOptions): string[] {
  const { cli, dataDir, port, uiPort, synchronous, cacheBytes } = options;
  const flags = {
    ip: ['127.0.0.1'],
    port: [String(port)],
    ...(uiPort === 'off' ? {} : { 'ui-port': [String(uiPort)] }),
    'db-filename': [databaseIn(dataDir)],
    'sqlite-pragma': [
      'journal_mode=wal',
      `synchronous=${synchronous}`,
      `cache_size=-${Math.ceil(cacheBytes / 1_024)}`,
      `wal_autocheckpoint=${walPages}`,
    ],
    'log-level': ['warn'],
    'log-format': ['json'],
    'dynamic-config-value': dynamicConfig,
  };
  const pairs = Object.entries(flags).flatMap(([flag, values]) =>
    values.flatMap((value) => [`--${flag}`, value]),
  );
  return [cli, 'server', 'start-dev', ...pairs, ...(uiPort === 'off' ? ['--headless'] : [])];
}
