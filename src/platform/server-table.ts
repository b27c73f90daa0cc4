/**
 * Versions and settings of the Temporal servers that Holdfast starts: the embedded one, that of `npm run cluster` and that
 * of docker-compose.yml. A test compares all three with this table. The settings are for speed: Holdfast is correct without
 * them.
 */
export const serverTable = {
  /** The exact release of the full server that the tests run on. */
  temporal: '1.32.0',
  /** The release of the `temporal` CLI that contains this server, and of its Web UI. */
  cli: '1.9.1',
  webUi: '2.54.1',
  /**
   * Major versions of PostgreSQL that the schema supports. `ran` are those that were tested, `image` is the one in
   * docker-compose.yml.
   */
  postgres: { oldest: 15, newest: 18, ran: [15, 16, 17, 18], image: '17.9-bookworm' },
  /** The oldest version of Go that builds the server, and the version of the PyPI package with a Go toolchain. */
  go: { oldest: '1.26.8', wheel: '1.27.3' },
  namespace: { name: 'default', retentionDays: 7 },
  databases: { temporal: 'postgresql/v12/temporal', temporal_visibility: 'postgresql/v12/visibility' },
  /** Settings of PostgreSQL. Each of Temporal's four services has its own connection pools: 4 x (20 + 10) connections. */
  postgresSettings: { max_connections: '200' },
  /** Variables of the full server's built-in config template. The number of shards cannot change after the first start. */
  serverEnvironment: {
    DB: 'postgres12',
    NUM_HISTORY_SHARDS: '256',
    SQL_MAX_CONNS: '20',
    SQL_VIS_MAX_CONNS: '10',
    LOG_LEVEL: 'warn',
  },
  /**
   * Settings of the dynamic configuration. By default the server polls its internal queues at most 20 times a second, which
   * adds 30 ms to every call. The fourth setting keeps timers of less than a second accurate.
   */
  dynamicConfig: {
    'history.transferProcessorMaxPollRPS': 2_000,
    'history.timerProcessorMaxPollRPS': 2_000,
    'history.visibilityProcessorMaxPollRPS': 2_000,
    'history.timerProcessorMaxTimeShift': '50ms',
    'history.maxInFlightUpdates': 1_000,
    // A busy session continues as new every dozen turns. By default the next run waits until a second after this one began.
    'history.workflowIdReuseMinimalInterval': '0s',
    // For lists of calls, reruns and batches. The `temporal` CLI sets this too; the full server's default is 10 a second.
    'frontend.namespaceRPS.visibility': 100,
    // An ended workflow can be deleted only after the queue's progress was saved, by default every 30 s.
    'history.transferProcessorUpdateAckInterval': '1s',
  },
} as const;
