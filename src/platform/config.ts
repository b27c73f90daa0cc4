/**
 * All settings. zod parses them once, at the start of a process, into one typed object. docs/settings.md lists exactly these
 * settings; a test compares them. Other variables are read elsewhere: `@temporalio/envconfig` reads TEMPORAL_*, OpenTelemetry
 * reads OTEL_*, and the command line also reads a few variables of its terminal and its user.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { secretPrefix } from '../domain/secret-reference.ts';
import type { StoreSettings } from '../payloads/open-store.ts';
import type { SecretSources } from './secrets.ts';
import { alertSettings, toAlertConfig } from './alert-settings.ts';
import { cliSettings } from './cli-settings.ts';
import { embeddedPorts } from './embedded/ports-beside.ts';
import { isLoopback } from './loopback.ts';
import { mailSettings, toMailServer } from './mail-settings.ts';
import { oidcSettings, toOidcSettings, type OidcSettings } from './oidc-settings.ts';
import { toArchiveSettings, toStoreSettings } from './payload-settings.ts';
import { publicOrigins } from './public-origins.ts';
import { removedSettings, warningsOfRemoved } from './removed-settings.ts';
import { isEncryptionKey, keyTakes } from './sealing.ts';
import { sharedSettings } from './shared-settings.ts';
import { StartupError } from './startup-error.ts';
import { allowFingerprint, allowSetting, checkRetryTime, toTargetRules } from './webhook-settings.ts';
import { traceSettings, type TraceSettings } from './trace-settings.ts';

const mebibyte = 1024 * 1024;

const integer = (fallback: number, min: number, max: number) => {
  const takes = `takes a whole number from ${min} to ${max}`;
  return z.coerce.number(takes).int(takes).min(min, takes).max(max, takes).default(fallback);
};

const apiKeys = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== ''),
  )
  .pipe(z.array(z.string().min(16, 'each key needs at least 16 characters')));

/** One entry per setting: its schema, its default and its description in the docs. */
export const settings = {
  HOLDFAST_HOST: z
    .string()
    .default('127.0.0.1')
    .describe(
      'Address to listen on. An address other than loopback requires HOLDFAST_API_KEYS or HOLDFAST_OIDC_ISSUER.',
    ),
  HOLDFAST_PORT: integer(18789, 0, 65_535).describe('Port of the API; 0 picks a free one.'),
  HOLDFAST_DATA_DIR: z
    .string()
    .min(1)
    .default('.holdfast')
    .describe("Folder of the embedded server's database, the generated key and, by default, large texts."),
  HOLDFAST_PAYLOAD_STORE: z
    .string()
    .optional()
    .describe(
      'Where large texts are stored: a folder, or s3://bucket/prefix with the AWS_ variables. Default: `payloads` in the data directory.',
    ),
  HOLDFAST_ARCHIVE: z
    .string()
    .default('off')
    .describe(
      "Where the histories of failed calls are archived beyond Temporal's retention: a folder, or `payload-store`. `off`: no archive.",
    ),
  HOLDFAST_ARCHIVE_SECONDS: integer(60, 1, 86_400).describe('How often new failed calls are archived.'),
  HOLDFAST_ENDINGS_MARGIN_SECONDS: integer(60, 5, 86_400).describe(
    "How long Temporal's lists of calls may lag. A call that is listed later than this after its end may be missed by archive, figures and webhooks.",
  ),
  HOLDFAST_ENDINGS_DAYS: integer(7, 1, 365).describe(
    'How long the log of how calls ended is kept in the payload store.',
  ),
  HOLDFAST_CALL_INDEX_CALLS: integer(100_000, 1_000, 1_000_000).describe(
    'How many ended calls a facade indexes in memory, the newest ones, while lists are sorted or filtered by what Temporal cannot; about 0.3 KB each.',
  ),
  HOLDFAST_PROMPT_CACHE_BYTES: integer(16 * mebibyte, 0, 4_096 * mebibyte).describe(
    'How much memory a facade uses for prompts that lists show or search; 0 keeps none.',
  ),
  HOLDFAST_FIGURES_DAYS: integer(90, 1, 3_650).describe(
    'How long figures of ended calls are kept in the payload store, by minute, hour and day.',
  ),
  HOLDFAST_API_KEYS: apiKeys.describe(
    'API keys (bearer tokens) that may do everything, separated by commas. Without any, and as long as the cluster has no keys of its own, the API is open, to this machine only.',
  ),
  HOLDFAST_PUBLIC_ORIGIN: publicOrigins.describe(
    'Origin of the desk in browsers if it is behind a proxy, e.g. https://gateway.example.com; several separated by commas. Messages of Slack and mails link to the first.',
  ),
  ...oidcSettings,
  HOLDFAST_SECRETS_DIR: z
    .string()
    .optional()
    .describe(
      "Folder whose files agents' tokens may refer to, as file:NAME. Variables that begin with HOLDFAST_SECRET_ they may refer to as env:NAME.",
    ),
  HOLDFAST_ENCRYPTION_KEY: z
    .string()
    .refine(isEncryptionKey, `takes ${keyTakes}`)
    .optional()
    .describe(
      "Key that encrypts the agents' tokens: 32 bytes in base64 or hex. Default: generated in the data directory.",
    ),
  HOLDFAST_JOIN: z
    .enum(['checked', 'force'])
    .default('checked')
    .describe(
      "What happens if this node's key, payload store or generation (the format of stored data) differs from its cluster's. `checked`: the node refuses to start. `force`: it starts, and the cluster takes over what it has.",
    ),
  HOLDFAST_DRAIN_SECONDS: integer(10, 0, 3_600).describe(
    'Drain: how long a node that stops lets its calls finish.',
  ),
  HOLDFAST_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Level of the JSON log on standard output.'),
  HOLDFAST_TASK_QUEUE: z
    .string()
    .min(1)
    .max(200)
    .default('holdfast')
    .describe('Temporal task queue that facades and workers share.'),
  HOLDFAST_BUILD_ID: z
    .string()
    .min(1)
    .max(100)
    .regex(/^(?!__)/, 'may not begin with __')
    .optional()
    .describe(
      'Version of the workers, for upgrades in which old and new workers run side by side. Default: unversioned.',
    ),
  HOLDFAST_EMBEDDED_WORKER: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether the facade also runs a worker in its process.'),
  HOLDFAST_CIRCUIT_BREAKER: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Circuit breaker: whether failing agents are asked last.'),
  HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: integer(30, 1, 3_600).describe(
    "How long an agent's circuit stays open after its last failure.",
  ),
  HOLDFAST_PROBE_SECONDS: integer(30, 1, 3_600).describe('How often agents with a health_path are probed.'),
  HOLDFAST_PROBE_TIMEOUT_SECONDS: integer(5, 1, 60).describe(
    "Time limit of one probe. An agent's shorter timeout_seconds applies too.",
  ),
  HOLDFAST_DEADLINE_SECONDS: integer(600, 1, 86_400).describe('Deadline of a call that does not set one.'),
  HOLDFAST_MAX_DEADLINE_SECONDS: integer(86_400, 1, 604_800).describe(
    'Longest deadline that a call may set.',
  ),
  HOLDFAST_MAX_PROMPT_BYTES: integer(mebibyte, 1, 64 * mebibyte).describe(
    'Largest prompt, measured as JSON in UTF-8.',
  ),
  HOLDFAST_MAX_ANSWER_BYTES: integer(4 * mebibyte, 1, 64 * mebibyte).describe(
    'Largest answer of an agent, measured as JSON in UTF-8. A larger one fails with payload_too_large.',
  ),
  HOLDFAST_MAX_COMPRESSION_RATIO: integer(200, 1, 100_000).describe(
    'Highest compression ratio of an answer above 256 KiB. A higher one fails with payload_too_large.',
  ),
  HOLDFAST_EXPECT_TIMEOUT_MS: integer(5_000, 10, 600_000).describe(
    "How long the check of an answer against its agent's expect may take. A longer one fails with invalid_response.",
  ),
  HOLDFAST_EXPECT_THREADS: integer(2, 1, 64).describe(
    'How many of these checks a process runs at the same time, each in its own thread; others wait.',
  ),
  HOLDFAST_EXPECT_MEMORY_MIB: integer(256, 32, 16_384).describe(
    'Memory limit of one of these threads. A check that needs more fails with invalid_response.',
  ),
  HOLDFAST_MAX_BODY_BYTES: integer(4 * mebibyte, 1_024, 256 * mebibyte).describe(
    'Largest body of a request.',
  ),
  HOLDFAST_INLINE_BYTES: integer(16 * 1024, 1_024, 64 * 1024).describe(
    'Largest prompt or answer that Temporal holds itself, as JSON in UTF-8. A larger one goes to the payload store.',
  ),
  HOLDFAST_PAYLOAD_RESERVE_MIB: integer(256, 0, 1_048_576).describe(
    "Disk space of the payload store's folder that is reserved for answers of calls in flight. Prompts and imports that would use it are refused.",
  ),
  HOLDFAST_MAX_IMPORT_BYTES: integer(256 * mebibyte, 1_024, 4_096 * mebibyte).describe(
    'Largest file of an import of sessions.',
  ),
  HOLDFAST_MAX_METADATA_BYTES: integer(64 * 1024, 2, 64 * 1024).describe(
    'Largest metadata of a call, as JSON.',
  ),
  HOLDFAST_DELETE_PATIENCE_SECONDS: integer(20, 1, 600).describe(
    'How long `DELETE /api/vps/sessions/{id}?calls=true` waits for Temporal to delete the calls before it answers 202.',
  ),
  HOLDFAST_MAX_SESSION_METADATA_BYTES: integer(256 * 1024, 2, 512 * 1024).describe(
    'Largest metadata of a session, merged from all its calls, as JSON.',
  ),
  HOLDFAST_SESSION_OLDER_BYTES: integer(128 * 1024, 1_024, 256 * 1024).describe(
    "Messages before a session's window move to the payload store when they take this many bytes.",
  ),
  HOLDFAST_SESSION_CACHE_BYTES: integer(32 * mebibyte, 0, 4_096 * mebibyte).describe(
    'Memory in which a facade caches sessions, to read them without a query. One session takes at most a quarter. 0: no cache.',
  ),
  HOLDFAST_SESSION_HISTORY_EVENTS: integer(150, 50, 4_096).describe(
    'Length of its history (6 events per turn) at which a session continues as new. A worker that loads the session replays these events.',
  ),
  HOLDFAST_SESSION_LOOK_SECONDS: integer(21_600, 1, 86_400).describe(
    "How often a session looks whether the call that holds its turn has ended, even if nobody asks. At most a quarter of the namespace's retention is used.",
  ),
  HOLDFAST_MAX_SESSION_QUEUE: integer(100, 0, 1_000).describe(
    "Most calls that wait for one session's turn. Further calls are refused.",
  ),
  HOLDFAST_WINDOW_MESSAGES: integer(40, 0, 1_000).describe(
    "Most messages in a session's window, which agents get.",
  ),
  HOLDFAST_WINDOW_BYTES: integer(256 * 1024, 0, 64 * mebibyte).describe("Most bytes in a session's window."),
  HOLDFAST_MAX_CHAIN: integer(10, 1, 50).describe('Most agents in the chain of one call.'),
  HOLDFAST_MAX_KEYS: integer(500, 1, 2_000).describe(
    'Most API keys that can be valid at a time, besides HOLDFAST_API_KEYS. The first node of a cluster decides.',
  ),
  HOLDFAST_MAX_PROJECTS: integer(200, 1, 1_000).describe(
    'Most projects, closed ones included. The first node of a cluster decides.',
  ),
  HOLDFAST_KEYS_OFFLINE_SECONDS: integer(600, 5, 86_400).describe(
    'How long a node that cannot reach Temporal goes on with the API keys that it knows. It learns of a revocation at most that late.',
  ),
  HOLDFAST_DESK_HOURS: integer(12, 1, 720).describe(
    'How long one stays signed in at the desk, at most. It ends earlier with the key.',
  ),
  HOLDFAST_MAX_AGENTS: integer(1_000, 1, 10_000).describe('Most agents that can be registered.'),
  HOLDFAST_MAX_WEBHOOKS: integer(100, 1, 1_000).describe(
    'Most webhooks, those of all projects together. The first node of a cluster decides.',
  ),
  HOLDFAST_WEBHOOK_ALLOW: allowSetting.describe(
    'Where webhooks may go besides public addresses: host names, IP addresses and ranges (10.0.0.0/8), each with an optional `:port`, separated by commas. Metadata services and link-local addresses stay refused.',
  ),
  HOLDFAST_WEBHOOK_TIMEOUT_SECONDS: integer(15, 1, 60).describe(
    'Time limit of one try to deliver an event, until the status of the answer.',
  ),
  HOLDFAST_WEBHOOK_MAX_BYTES: integer(256 * 1024, 4_096, 4 * mebibyte).describe(
    'Largest body of an event. A larger answer of an agent is left out, with a link to it.',
  ),
  HOLDFAST_WEBHOOK_RETRY_HOURS: integer(72, 1, 168).describe(
    'How long the delivery of an event is tried again. Then the event is parked. HOLDFAST_ENDINGS_DAYS must be a day more.',
  ),
  ...mailSettings,
  ...alertSettings,
  HOLDFAST_MAX_CALLS_IN_FLIGHT: integer(2_000, 1, 100_000).describe(
    'Most calls in flight of one node. After a restart, calls that still run count too, but only with the embedded Temporal server.',
  ),
  HOLDFAST_MAX_STARTS: integer(16, 1, 10_000).describe(
    'Most calls that one node starts at the same time; the limit adapts downwards while starts are slow. Further calls wait.',
  ),
  HOLDFAST_START_PATIENCE_SECONDS: integer(30, 0, 3_600).describe(
    'How long a call may wait for its start. After that it is refused with 429, and nothing was accepted.',
  ),
  HOLDFAST_DISCONNECT_GRACE_MS: integer(250, 0, 60_000).describe(
    'How long after its last waiting client disconnects a call with `on_disconnect: cancel` is cancelled.',
  ),
  HOLDFAST_MAX_STREAMS: integer(200, 1, 100_000).describe(
    'Most open server-sent event streams of one node. A further one is refused with 429.',
  ),
  HOLDFAST_HEADERS_SECONDS: integer(10, 1, 3_600).describe(
    'Time limit for the headers of a request, from its first byte.',
  ),
  HOLDFAST_BODY_STALL_SECONDS: integer(20, 1, 3_600).describe(
    'Period in which the body of a request must make progress. Its total time is not limited.',
  ),
  HOLDFAST_BODY_BYTES_PER_SECOND: integer(1_024, 1, mebibyte).describe(
    'Average rate over that period that counts as progress. A slower client is disconnected.',
  ),
  HOLDFAST_IDLE_SECONDS: integer(75, 1, 3_600).describe(
    'How long a connection may stay open without a request.',
  ),
  HOLDFAST_MAX_IDLE_CONNECTIONS: integer(5_000, 1, 100_000).describe(
    'Most idle connections. Beyond that the one that is idle longest is closed.',
  ),
  HOLDFAST_MAX_BATCH_CALLS: integer(10_000, 1, 50_000).describe(
    'Most calls in one batch of reruns: the newest of those that match.',
  ),
  HOLDFAST_HEARTBEAT_TIMEOUT_SECONDS: integer(5, 5, 600).describe(
    'After how long without a heartbeat a worker counts as dead, so that another one asks the agent again; longer while a node has many calls. Set it above the usual outages of Temporal and its database. A call that another process cancels releases its agent within half of this time.',
  ),
  HOLDFAST_FIRST_TASK_WAIT_MS: integer(500, 0, 2_000).describe(
    'First-task path: how long a workflow task waits for an agent before an activity takes over. A quick agent then needs no second task. 0: off.',
  ),
  HOLDFAST_CONNECT_SECONDS: integer(10, 1, 300).describe('Time limit for connecting to an agent.'),
  HOLDFAST_CACHED_WORKFLOWS: integer(500, 1, 100_000).describe(
    'Most workflows that a worker caches in memory.',
  ),
  HOLDFAST_WORKFLOW_CALL_STACKS: z
    .enum(['on', 'off'])
    .default('off')
    .describe("Whether the Web UI can show a workflow's call stack. It makes each call an eighth slower."),
  HOLDFAST_WORKER_PORT: integer(0, 0, 65_535).describe(
    "Port of a stand-alone worker's /healthz and /metrics on 127.0.0.1. 0: no port.",
  ),
  HOLDFAST_TEMPORAL_CLI: z
    .string()
    .min(1)
    .optional()
    .describe('Path of the temporal CLI. Default: searched for, and downloaded if not found.'),
  HOLDFAST_TEMPORAL_PORT: integer(7233, 0, 65_535).describe(
    'Port of the embedded Temporal server; 0 picks a free one.',
  ),
  HOLDFAST_TEMPORAL_UI_PORT: integer(8233, 0, 65_535).describe('Port of its Web UI; 0 picks a free one.'),
  HOLDFAST_TEMPORAL_UI_URL: z
    .url({ protocol: /^https?$/, error: 'takes an http or https URL' })
    .optional()
    .describe(
      "URL of the Temporal Web UI, for links to calls. Default: the embedded server's; no links with a server of your own.",
    ),
  HOLDFAST_TEMPORAL_SYNCHRONOUS: z
    .enum(['normal', 'full'])
    .default('normal')
    .describe(
      "The embedded server's SQLite mode `synchronous`. `normal` survives kill -9, `full` also a power loss.",
    ),
  HOLDFAST_TEMPORAL_CACHE_MIB: integer(64, 2, 65_536).describe(
    "Memory of the embedded server's SQLite page cache.",
  ),
  HOLDFAST_RETENTION_DAYS: integer(7, 1, 3_650).describe('How long the embedded server keeps ended calls.'),
  HOLDFAST_DISK_RESERVE_MIB: integer(64, 1, 1_073_741_824).describe(
    "Free space on the disk of the embedded server's data, or of the payload store's folder, that is reserved for calls in flight. With less than that nothing new is accepted.",
  ),
  HOLDFAST_MIN_FREE_DISK_MIB: integer(1_024, 0, 1_048_576).describe(
    'A warning is logged while the free space on that disk is below this.',
  ),
} as const;

const environmentSchema = z.object(settings);

/** All settings of a node, parsed. Durations are in ms, sizes in bytes. */
export type Config = ReturnType<typeof toConfig> & {
  readonly secrets: SecretSources;
  /** Undefined if people do not sign in with an issuer. */
  readonly oidc: OidcSettings | undefined;
  /** Undefined if no spans are sent. */
  readonly traces: TraceSettings | undefined;
  /** Warnings that the node logs when it starts: one for each removed setting that is still set. */
  readonly warnings: readonly string[];
};

/** Parses the environment. Throws `StartupError` that names each wrong setting and the values that it takes. */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const known = [settings, cliSettings, removedSettings];
  const unknown = Object.keys(environment).filter(
    (name) =>
      name.startsWith('HOLDFAST_') &&
      !name.startsWith(secretPrefix) &&
      !known.some((names) => Object.hasOwn(names, name)),
  );
  if (unknown.length > 0)
    throw new StartupError(
      `Unknown settings: ${unknown.join(', ')}. docs/settings.md lists those that exist.`,
    );
  // A misspelled HOLDFAST_API_KEYS must not be ignored: the node would be open although it was meant to have keys.
  if (environment['HOLDFAST_API_KEY'] && !environment['HOLDFAST_API_KEYS'])
    throw new StartupError(
      'HOLDFAST_API_KEY is a setting of the command line; a node reads HOLDFAST_API_KEYS: set that, or unset HOLDFAST_API_KEY',
    );
  // A blank value counts as unset: deployments pass on variables that they do not have. As a number it would be 0.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path[0] as string}: ${issue.message}`);
    throw new StartupError([...new Set(problems)].join('\n'));
  }
  const { HOLDFAST_PAYLOAD_STORE: store, HOLDFAST_DATA_DIR: dataDir } = parsed.data;
  const config: Config = {
    ...toConfig(parsed.data, toStoreSettings(store, dataDir, environment), set['TEMPORAL_ADDRESS']),
    oidc: toOidcSettings(parsed.data, Object.keys(set), {
      needsOrigin: parsed.data.HOLDFAST_PUBLIC_ORIGIN.length === 0 && !isLoopback(parsed.data.HOLDFAST_HOST),
    }),
    traces: traceSettings(environment),
    secrets: { variables: secretVariables(environment), folder: parsed.data.HOLDFAST_SECRETS_DIR },
    warnings: warningsOfRemoved(environment),
  };
  if (config.limits.deadlineMs > config.limits.maxDeadlineMs)
    throw new StartupError(
      'HOLDFAST_DEADLINE_SECONDS is above HOLDFAST_MAX_DEADLINE_SECONDS: set it to that or less',
    );
  checkRetryTime(config.webhooks.retryMs, config.endings.keptMs);
  const { buildId, taskQueue } = config.worker;
  if (buildId !== undefined && /^__|[.:]/.test(taskQueue))
    throw new StartupError(
      `HOLDFAST_TASK_QUEUE=${taskQueue} also names the deployment of HOLDFAST_BUILD_ID: it may hold no dot or colon, and not begin with __`,
    );
  if (config.apiKeys.length === 0 && !config.oidc && !isLoopback(config.host))
    throw new StartupError(
      `HOLDFAST_HOST=${config.host} is reachable from other machines: set HOLDFAST_API_KEYS (e.g. to the output of: openssl rand -hex 24), or listen on 127.0.0.1`,
    );
  return config;
}

function secretVariables(environment: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith(secretPrefix)));
}

function toConfig(
  set: z.infer<typeof environmentSchema>,
  store: StoreSettings,
  temporalAddress: string | undefined,
) {
  return {
    host: set.HOLDFAST_HOST,
    port: set.HOLDFAST_PORT,
    dataDir: resolve(set.HOLDFAST_DATA_DIR),
    apiKeys: set.HOLDFAST_API_KEYS,
    publicOrigins: set.HOLDFAST_PUBLIC_ORIGIN,
    encryptionKey: set.HOLDFAST_ENCRYPTION_KEY,
    join: set.HOLDFAST_JOIN,
    shared: sharedSettings(
      { ...set, HOLDFAST_WEBHOOK_ALLOW: allowFingerprint(set.HOLDFAST_WEBHOOK_ALLOW) },
      settings,
    ),
    drainMs: set.HOLDFAST_DRAIN_SECONDS * 1_000,
    logLevel: set.HOLDFAST_LOG_LEVEL,
    circuitBreaker: {
      enabled: set.HOLDFAST_CIRCUIT_BREAKER === 'on',
      cooldownMs: set.HOLDFAST_CIRCUIT_COOLDOWN_SECONDS * 1_000,
    },
    probeIntervalMs: set.HOLDFAST_PROBE_SECONDS * 1_000,
    probeTimeoutMs: set.HOLDFAST_PROBE_TIMEOUT_SECONDS * 1_000,
    limits: {
      deadlineMs: set.HOLDFAST_DEADLINE_SECONDS * 1_000,
      maxDeadlineMs: set.HOLDFAST_MAX_DEADLINE_SECONDS * 1_000,
      maxPromptBytes: set.HOLDFAST_MAX_PROMPT_BYTES,
      maxBodyBytes: set.HOLDFAST_MAX_BODY_BYTES,
      maxImportBytes: set.HOLDFAST_MAX_IMPORT_BYTES,
      maxMetadataBytes: set.HOLDFAST_MAX_METADATA_BYTES,
      maxChain: set.HOLDFAST_MAX_CHAIN,
      maxCallsInFlight: set.HOLDFAST_MAX_CALLS_IN_FLIGHT,
      maxStarts: set.HOLDFAST_MAX_STARTS,
      startPatienceMs: set.HOLDFAST_START_PATIENCE_SECONDS * 1_000,
      disconnectGraceMs: set.HOLDFAST_DISCONNECT_GRACE_MS,
      maxStreams: set.HOLDFAST_MAX_STREAMS,
      maxBatchCalls: set.HOLDFAST_MAX_BATCH_CALLS,
      firstTaskWaitMs: set.HOLDFAST_FIRST_TASK_WAIT_MS,
      heartbeatTimeoutMs: set.HOLDFAST_HEARTBEAT_TIMEOUT_SECONDS * 1_000,
    },
    connections: {
      headersMs: set.HOLDFAST_HEADERS_SECONDS * 1_000,
      bodyStallMs: set.HOLDFAST_BODY_STALL_SECONDS * 1_000,
      bodyBytesPerSecond: set.HOLDFAST_BODY_BYTES_PER_SECOND,
      idleMs: set.HOLDFAST_IDLE_SECONDS * 1_000,
      maxIdle: set.HOLDFAST_MAX_IDLE_CONNECTIONS,
    },
    keys: {
      limits: { maxKeys: set.HOLDFAST_MAX_KEYS, maxProjects: set.HOLDFAST_MAX_PROJECTS },
      offlineMs: set.HOLDFAST_KEYS_OFFLINE_SECONDS * 1_000,
      deskSignInMs: set.HOLDFAST_DESK_HOURS * 3_600_000,
    },
    directory: { maxAgents: set.HOLDFAST_MAX_AGENTS, maxBytes: 1.5 * mebibyte },
    session: {
      maxMetadataBytes: set.HOLDFAST_MAX_SESSION_METADATA_BYTES,
      olderBytes: set.HOLDFAST_SESSION_OLDER_BYTES,
      renewAtEvents: set.HOLDFAST_SESSION_HISTORY_EVENTS,
      lookEveryMs: set.HOLDFAST_SESSION_LOOK_SECONDS * 1_000,
      maxQueued: set.HOLDFAST_MAX_SESSION_QUEUE,
      windowMessages: set.HOLDFAST_WINDOW_MESSAGES,
      windowBytes: set.HOLDFAST_WINDOW_BYTES,
    },
    deletePatienceMs: set.HOLDFAST_DELETE_PATIENCE_SECONDS * 1_000,
    sessionCacheBytes: set.HOLDFAST_SESSION_CACHE_BYTES,
    payloads: {
      store: store,
      inlineBytes: set.HOLDFAST_INLINE_BYTES,
      reserveBytes: set.HOLDFAST_PAYLOAD_RESERVE_MIB * mebibyte,
    },
    archive: toArchiveSettings(set.HOLDFAST_ARCHIVE),
    archiveIntervalMs: set.HOLDFAST_ARCHIVE_SECONDS * 1_000,
    endings: {
      marginMs: set.HOLDFAST_ENDINGS_MARGIN_SECONDS * 1_000,
      keptMs: set.HOLDFAST_ENDINGS_DAYS * 86_400_000,
    },
    webhooks: {
      targets: toTargetRules({
        allow: set.HOLDFAST_WEBHOOK_ALLOW,
        host: set.HOLDFAST_HOST,
        publicOrigins: set.HOLDFAST_PUBLIC_ORIGIN,
        temporalAddress,
        ports: [
          set.HOLDFAST_PORT,
          set.HOLDFAST_WORKER_PORT,
          set.HOLDFAST_TEMPORAL_UI_PORT,
          ...embeddedPorts(set.HOLDFAST_TEMPORAL_PORT),
        ],
      }),
      timeoutMs: set.HOLDFAST_WEBHOOK_TIMEOUT_SECONDS * 1_000,
      maxWebhooks: set.HOLDFAST_MAX_WEBHOOKS,
      maxBytes: set.HOLDFAST_WEBHOOK_MAX_BYTES,
      retryMs: set.HOLDFAST_WEBHOOK_RETRY_HOURS * 3_600_000,
      mailServer: toMailServer(set),
    },
    alerts: toAlertConfig(set),
    figuresDays: set.HOLDFAST_FIGURES_DAYS,
    callIndexCalls: set.HOLDFAST_CALL_INDEX_CALLS,
    promptCacheBytes: set.HOLDFAST_PROMPT_CACHE_BYTES,
    transport: {
      maxAnswerBytes: set.HOLDFAST_MAX_ANSWER_BYTES,
      maxCompressionRatio: set.HOLDFAST_MAX_COMPRESSION_RATIO,
      connectTimeoutMs: set.HOLDFAST_CONNECT_SECONDS * 1_000,
      // As many as there can be open requests. A smaller pool would add a hidden queue whose wait counts against the agent.
      connectionsPerOrigin: set.HOLDFAST_MAX_CALLS_IN_FLIGHT,
    },
    expectations: {
      timeoutMs: set.HOLDFAST_EXPECT_TIMEOUT_MS,
      maxThreads: set.HOLDFAST_EXPECT_THREADS,
      memoryMib: set.HOLDFAST_EXPECT_MEMORY_MIB,
    },
    worker: {
      embedded: set.HOLDFAST_EMBEDDED_WORKER === 'on',
      taskQueue: set.HOLDFAST_TASK_QUEUE,
      buildId: set.HOLDFAST_BUILD_ID,
      maxCachedWorkflows: set.HOLDFAST_CACHED_WORKFLOWS,
      callStacks: set.HOLDFAST_WORKFLOW_CALL_STACKS === 'on',
      port: set.HOLDFAST_WORKER_PORT,
    },
    temporal: {
      cli: set.HOLDFAST_TEMPORAL_CLI,
      port: set.HOLDFAST_TEMPORAL_PORT,
      uiPort: set.HOLDFAST_TEMPORAL_UI_PORT,
      uiUrl: set.HOLDFAST_TEMPORAL_UI_URL?.replace(/\/+$/, ''),
      synchronous: set.HOLDFAST_TEMPORAL_SYNCHRONOUS,
      cacheBytes: set.HOLDFAST_TEMPORAL_CACHE_MIB * mebibyte,
      retentionDays: set.HOLDFAST_RETENTION_DAYS,
      minFreeBytes: set.HOLDFAST_MIN_FREE_DISK_MIB * mebibyte,
      reserveBytes: set.HOLDFAST_DISK_RESERVE_MIB * mebibyte,
    },
  };
}
