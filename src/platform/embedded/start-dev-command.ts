import { databaseIn } from './data-dir.ts';

/**
 * Its queues are polled at most 20 times a second by default, which alone costs 30 ms of every call; timers under a
 * second stay true with the fourth. Holdfast is correct without them. Values are JSON: the server refuses to start with
 * what is none, and warns in its log of a value that the setting does not take.
 */
const dynamicConfig = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxTimeShift="50ms"',
  'history.maxInFlightUpdates=1000',
];

export interface StartDevOptions {
  readonly cli: string;
  readonly dataDir: string;
  readonly port: number;
  readonly uiPort: number | 'off';
  /** SQLite's: normal survives kill -9, full also power loss. */
  readonly synchronous: 'normal' | 'full';
}

/** The command line of the server; it logs to its standard error. */
export function startDevCommand(options: StartDevOptions): string[] {
  const { cli, dataDir, port, uiPort, synchronous } = options;
  const flags = {
    ip: ['127.0.0.1'],
    port: [String(port)],
    ...(uiPort === 'off' ? {} : { 'ui-port': [String(uiPort)] }),
    'db-filename': [databaseIn(dataDir)],
    'sqlite-pragma': ['journal_mode=wal', `synchronous=${synchronous}`],
    'log-level': ['warn'],
    'log-format': ['json'],
    'dynamic-config-value': dynamicConfig,
  };
  const pairs = Object.entries(flags).flatMap(([flag, values]) =>
    values.flatMap((value) => [`--${flag}`, value]),
  );
  return [cli, 'server', 'start-dev', ...pairs, ...(uiPort === 'off' ? ['--headless'] : [])];
}
