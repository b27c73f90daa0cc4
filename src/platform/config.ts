/**
 * Every setting, parsed once at boot by zod into one typed object. docs/settings.md lists exactly these; a test
 * compares them. Nothing else reads process.env (TEMPORAL_* is read by `@temporalio/envconfig`).
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { StoreSettings } from '../payloads/open-store.ts';
import { cliSettings } from './cli-settings.ts';
import { toArchiveSettings, toStoreSettings } from './payload-settings.ts';
import { publicOrigins } from './public-origins.ts';
import { isEncryptionKey, keyTakes } from './sealing.ts';
import { sharedSettings } from './shared-settings.ts';
import { StartupError } from './shutdown.ts';

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

/** One entry per setting: its schema with the default, and what docs say of it. */
export const settings = {
  HOLDFAST_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on. Beyond loopback only with HOLDFAST_API_KEYS.'),
  HOLDFAST_PORT: integer(18789, 0, 65_535).describe('Port of the API; 0 takes a free one.'),
  HOLDFAST_DATA_DIR: z
    .string()
    .min(1)
    .default('.holdfast')
    .describe('The database of the embedded server, the generated key.'),
  HOLDFAST_PAYLOAD_STORE: z
    .string()
    .optional()
    .describe(
      'Where large texts are: a folder, or s3://bucket/prefix with the AWS_ variables. Default: `payloads` in the data directory.',
    ),
  HOLDFAST_ARCHIVE: z
    .string()
    .default('off')
    .describe(
      "Where histories of failed calls are kept beyond Temporal's retention: a folder, or `payload-store`; `off`: nowhere.",
    ),
  HOLDFAST_ARCHIVE_SECONDS: integer(60, 1, 86_400).describe('How often new failed calls are archived.'),
  HOLDFAST_API_KEYS: apiKeys.describe(
    'Bearer keys, separated by commas. Without any, the API is open to this machine alone.',
  ),
  HOLDFAST_PUBLIC_ORIGIN: publicOrigins.describe(
    'Where browsers see the desk behind a proxy, e.g. https://gateway.example.com; several separated by commas.',
  ),
  HOLDFAST_ENCRYPTION_KEY: z
    .string()
    .refine(isEncryptionKey, `takes ${keyTakes}`)
    .optional()
    .describe(
      "Seals the agents' tokens: 32 bytes in base64 or hex. Default: generated in the data directory.",
    ),
  HOLDFAST_JOIN: z
    .enum(['checked', 'force'])
    .default('checked')
    .describe(
      "What a node does whose key, payload store or version is not its cluster's: it refuses to start; `force`: the cluster has what it has from then on.",
    ),
  HOLDFAST_DRAIN_SECONDS: integer(10, 0, 3_600).describe('How long a stopping node lets calls finish.'),
  HOLDFAST_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Of the JSON log on standard output.'),
  HOLDFAST_TASK_QUEUE: z
    .string()
    .min(1)
    .max(200)
    .default('holdfast')
    .describe('Temporal task queue of facades and workers.'),
  HOLDFAST_BUILD_ID: z
    .string()
    .min(1)
    .max(100)
    .regex(/^(?!__)/, 'may not begin with __')
    .optional()
    .describe(
      'Version of the workers, for upgrades with old and new ones side by side. Default: unversioned.',
    ),
  HOLDFAST_EMBEDDED_WORKER: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether the facade runs a worker in its process.'),
  HOLDFAST_CIRCUIT_BREAKER: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether failing agents are asked last.'),
  HOLDFAST_CIRCUIT_COOLDOWN_SECONDS: integer(30, 1, 3_600).describe(
    'How long after its last failure a failing agent is asked last.',
  ),
  HOLDFAST_PROBE_SECONDS: integer(30, 1, 3_600).describe('How often agents with a health_path are probed.'),
  HOLDFAST_PROBE_TIMEOUT_SECONDS: integer(5, 1, 60).describe(
    "Limit of one probe; an agent's shorter timeout_seconds holds too.",
  ),
  HOLDFAST_DEADLINE_SECONDS: integer(600, 1, 86_400).describe("A call's deadline where it names none."),
  HOLDFAST_MAX_DEADLINE_SECONDS: integer(86_400, 1, 604_800).describe(
    'The longest deadline a call may ask for.',
  ),
  HOLDFAST_MAX_PROMPT_BYTES: integer(mebibyte, 1, 64 * mebibyte).describe('Of a prompt, as JSON in UTF-8.'),
  HOLDFAST_MAX_ANSWER_BYTES: integer(4 * mebibyte, 1, 64 * mebibyte).describe(
    "Of an agent's answer, as JSON in UTF-8.",
  ),
  HOLDFAST_MAX_COMPRESSION_RATIO: integer(200, 1, 100_000).describe(
    'How many times its size on the wire a compressed answer above 256 KiB may have; beyond: payload_too_large.',
  ),
  HOLDFAST_EXPECT_TIMEOUT_MS: integer(5_000, 10, 600_000).describe(
    "How long the check of an answer against its agent's expect may take; beyond: invalid_response.",
  ),
  HOLDFAST_EXPECT_THREADS: integer(2, 1, 64).describe(
    'Such checks that a process does at a time, each in a thread beside the main one; others wait.',
  ),
  HOLDFAST_EXPECT_MEMORY_MIB: integer(256, 32, 16_384).describe(
    'Memory of such a thread; a check that needs more: invalid_response.',
  ),
  HOLDFAST_MAX_BODY_BYTES: integer(4 * mebibyte, 1_024, 256 * mebibyte).describe("Of a request's body."),
  HOLDFAST_INLINE_BYTES: integer(16 * 1024, 1_024, 64 * 1024).describe(
    'Of a prompt or answer, as JSON in UTF-8; a larger one goes to the payload store.',
  ),
  HOLDFAST_PAYLOAD_RESERVE_MIB: integer(256, 0, 1_048_576).describe(
    "What new prompts and imports leave free on the disk of the payload store's folder, for the answers of calls under way.",
  ),
  HOLDFAST_MAX_IMPORT_BYTES: integer(256 * mebibyte, 1_024, 4_096 * mebibyte).describe(
    'Of an imported file of sessions.',
  ),
  HOLDFAST_MAX_METADATA_BYTES: integer(64 * 1024, 2, 64 * 1024).describe("Of a call's metadata, as JSON."),
  HOLDFAST_REPEAT_CACHE_BYTES: integer(16 * mebibyte, 0, 4_096 * mebibyte).describe(
    'Endings that a facade keeps in memory for repeats with an Idempotency-Key. 0: none.',
  ),
  HOLDFAST_REPEAT_CACHE_SECONDS: integer(60, 1, 3_600).describe(
    'How long one is kept; so long a repeat may miss a reset or a deletion by another process.',
  ),
  HOLDFAST_DELETE_PATIENCE_SECONDS: integer(20, 1, 600).describe(
    'How long `DELETE /api/vps/sessions/{id}?calls=true` waits for Temporal to delete the calls before it answers 202.',
  ),
  HOLDFAST_MAX_SESSION_METADATA_BYTES: integer(256 * 1024, 2, 512 * 1024).describe(
    "Of a session's metadata, all calls' merged, as JSON.",
  ),
  HOLDFAST_SESSION_OLDER_BYTES: integer(128 * 1024, 1_024, 256 * 1024).describe(
    'Messages of a session before its window go to the payload store once they take this much.',
  ),
  HOLDFAST_SESSION_CACHE_BYTES: integer(32 * mebibyte, 0, 4_096 * mebibyte).describe(
    'Sessions that a facade keeps in memory to read them without a query; one takes at most a quarter. 0: none.',
  ),
  HOLDFAST_SESSION_HISTORY_EVENTS: integer(150, 50, 4_096).describe(
    'Events of its history, 9 a turn, after which a session continues as new. A worker that takes it up replays them.',
  ),
  HOLDFAST_MAX_SESSION_QUEUE: integer(100, 0, 1_000).describe("Calls that may wait for one session's turn."),
  HOLDFAST_WINDOW_MESSAGES: integer(40, 0, 1_000).describe('Messages of a session that an agent is sent.'),
  HOLDFAST_WINDOW_BYTES: integer(256 * 1024, 0, 64 * mebibyte).describe(
    'Bytes of a session that an agent is sent.',
  ),
  HOLDFAST_MAX_CHAIN: integer(10, 1, 50).describe('Agents that one call may visit.'),
  HOLDFAST_MAX_AGENTS: integer(1_000, 1, 10_000).describe('Agents that may be registered.'),
  HOLDFAST_MAX_CALLS_IN_FLIGHT: integer(2_000, 1, 100_000).describe(
    'Calls of one node that have not ended. Beside a Temporal server of your own: since its start.',
  ),
  HOLDFAST_MAX_STARTS: integer(16, 1, 10_000).describe(
    'Most calls that one node starts at a time, fewer while starts are slow; the others wait in line.',
  ),
  HOLDFAST_START_PATIENCE_SECONDS: integer(30, 0, 3_600).describe(
    'How long a call may wait in that line; beyond: 429, and nothing was accepted.',
  ),
  HOLDFAST_DISCONNECT_GRACE_MS: integer(250, 0, 60_000).describe(
    'How long after the last client that waited for it went away a call with `on_disconnect: cancel` is cancelled.',
  ),
  HOLDFAST_MAX_STREAMS: integer(200, 1, 100_000).describe(
    'Server-sent event streams that one node has open; beyond: 429.',
  ),
  HOLDFAST_HEADERS_SECONDS: integer(10, 1, 3_600).describe(
    'How long the head of a request may take, from its first byte.',
  ),
  HOLDFAST_BODY_STALL_SECONDS: integer(20, 1, 3_600).describe(
    'A body must make progress in each such span; how long it takes in all does not matter.',
  ),
  HOLDFAST_BODY_BYTES_PER_SECOND: integer(1_024, 1, mebibyte).describe(
    'What is progress of a body: so much on average. A client that sends more slowly is cut off.',
  ),
  HOLDFAST_IDLE_SECONDS: integer(75, 1, 3_600).describe('How long a connection may be without a request.'),
  HOLDFAST_MAX_IDLE_CONNECTIONS: integer(5_000, 1, 100_000).describe(
    'Connections without a request; beyond, the one that is idle longest is closed.',
  ),
  HOLDFAST_MAX_BATCH_CALLS: integer(10_000, 1, 50_000).describe(
    'Calls that one batch of reruns takes; the newest of those that match.',
  ),
  HOLDFAST_HEARTBEAT_TIMEOUT_SECONDS: integer(5, 5, 600).describe(
    'How long after the last sign of its worker another one asks the agent again; longer while a node has many calls. It should exceed what outages of Temporal and its database take. A call cancelled by another process leaves its agent within half of it.',
  ),
  HOLDFAST_FIRST_TASK_WAIT_MS: integer(500, 0, 2_000).describe(
    'How long a workflow task waits for an agent itself, which spares a quick call its second task; 0: never.',
  ),
  HOLDFAST_CONNECT_SECONDS: integer(10, 1, 300).describe('Limit of connecting to an agent.'),
  HOLDFAST_CACHED_WORKFLOWS: integer(500, 1, 100_000).describe('Workflows that a worker keeps in memory.'),
  HOLDFAST_WORKFLOW_CALL_STACKS: z
    .enum(['on', 'off'])
    .default('off')
    .describe("Whether the Web UI's Call Stack works; makes each call an eighth slower."),
  HOLDFAST_WORKER_PORT: integer(0, 0, 65_535).describe(
    "Port of a stand-alone worker's /healthz and /metrics on 127.0.0.1; 0: none.",
  ),
  HOLDFAST_TEMPORAL_CLI: z
    .string()
    .min(1)
    .optional()
    .describe('Path of the temporal CLI. Default: found or fetched.'),
  HOLDFAST_TEMPORAL_PORT: integer(7233, 0, 65_535).describe(
    'Port of the embedded Temporal server; 0 takes a free one.',
  ),
  HOLDFAST_TEMPORAL_UI_PORT: integer(8233, 0, 65_535).describe('Port of its Web UI; 0 takes a free one.'),
  HOLDFAST_TEMPORAL_UI_URL: z
    .url({ protocol: /^https?$/, error: 'takes an http or https URL' })
    .optional()
    .describe(
      "The Web UI that links to calls lead to. Default: the embedded server's; none beside a server of your own.",
    ),
  HOLDFAST_TEMPORAL_SYNCHRONOUS: z
    .enum(['normal', 'full'])
    .default('normal')
    .describe("SQLite's synchronous: normal survives kill -9, full also power loss."),
  HOLDFAST_TEMPORAL_CACHE_MIB: integer(64, 2, 65_536).describe(
    "SQLite's page cache, in the memory of the embedded server.",
  ),
  HOLDFAST_RETENTION_DAYS: integer(7, 1, 3_650).describe('How long the embedded server keeps ended calls.'),
  HOLDFAST_DISK_RESERVE_MIB: integer(64, 1, 1_048_576).describe(
    "Below this free space on the disk of the embedded server's data, or of the payload store's folder, nothing new is accepted: what is under way needs it.",
  ),
  HOLDFAST_MIN_FREE_DISK_MIB: integer(1_024, 0, 1_048_576).describe(
    'Below this free space a warning is logged.',
  ),
} as const;

const environmentSchema = z.object(settings);

export type Config = ReturnType<typeof toConfig>;

/** Throws `StartupError` that names each wrong setting and what it takes. */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const unknown = Object.keys(environment).filter(
    (name) =>
      name.startsWith('HOLDFAST_') && !Object.hasOwn(settings, name) && !Object.hasOwn(cliSettings, name),
  );
  if (unknown.length > 0)
    throw new StartupError(
      `Unknown settings: ${unknown.join(', ')}. docs/settings.md lists those that exist.`,
    );
  // One letter short of the node's own: taken for nothing, it would leave a node open that was meant to be closed.
  if (environment['HOLDFAST_API_KEY'] && !environment['HOLDFAST_API_KEYS'])
    throw new StartupError(
      'HOLDFAST_API_KEY is what the command line sends. A node takes HOLDFAST_API_KEYS: set it, or unset HOLDFAST_API_KEY',
    );
  // Blank is unset, as where a deployment passes on a variable that it does not have; as a number it would be 0.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    const told = parsed.error.issues.map((issue) => `${issue.path[0] as string}: ${issue.message}`);
    throw new StartupError([...new Set(told)].join('\n'));
  }
  const { HOLDFAST_PAYLOAD_STORE: store, HOLDFAST_DATA_DIR: dataDir } = parsed.data;
  const config = toConfig(parsed.data, toStoreSettings(store, dataDir, environment));
  if (config.limits.deadlineMs > config.limits.maxDeadlineMs)
    throw new StartupError(
      'HOLDFAST_DEADLINE_SECONDS is above HOLDFAST_MAX_DEADLINE_SECONDS: set it to that or less',
    );
  const { buildId, taskQueue } = config.worker;
  if (buildId !== undefined && /^__|[.:]/.test(taskQueue))
    throw new StartupError(
      `HOLDFAST_TASK_QUEUE=${taskQueue} also names the deployment of HOLDFAST_BUILD_ID: it may hold no dot or colon, and not begin with __`,
    );
  if (config.apiKeys.length === 0 && !isLoopback(config.host))
    throw new StartupError(
      `HOLDFAST_HOST=${config.host} is reachable from other machines: set HOLDFAST_API_KEYS (e.g. to the output of: openssl rand -hex 24), or listen on 127.0.0.1`,
    );
  return config;
}

function toConfig(set: z.infer<typeof environmentSchema>, store: StoreSettings) {
  return {
    host: set.HOLDFAST_HOST,
    port: set.HOLDFAST_PORT,
    dataDir: resolve(set.HOLDFAST_DATA_DIR),
    apiKeys: set.HOLDFAST_API_KEYS,
    publicOrigins: set.HOLDFAST_PUBLIC_ORIGIN,
    encryptionKey: set.HOLDFAST_ENCRYPTION_KEY,
    join: set.HOLDFAST_JOIN,
    shared: sharedSettings(set, settings),
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
    directory: { maxAgents: set.HOLDFAST_MAX_AGENTS, maxBytes: 1.5 * mebibyte },
    session: {
      maxMetadataBytes: set.HOLDFAST_MAX_SESSION_METADATA_BYTES,
      olderBytes: set.HOLDFAST_SESSION_OLDER_BYTES,
      renewAtEvents: set.HOLDFAST_SESSION_HISTORY_EVENTS,
      maxQueued: set.HOLDFAST_MAX_SESSION_QUEUE,
      windowMessages: set.HOLDFAST_WINDOW_MESSAGES,
      windowBytes: set.HOLDFAST_WINDOW_BYTES,
    },
    endedCalls: {
      maxBytes: set.HOLDFAST_REPEAT_CACHE_BYTES,
      lifetimeMs: set.HOLDFAST_REPEAT_CACHE_SECONDS * 1_000,
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
    transport: {
      maxAnswerBytes: set.HOLDFAST_MAX_ANSWER_BYTES,
      maxCompressionRatio: set.HOLDFAST_MAX_COMPRESSION_RATIO,
      connectTimeoutMs: set.HOLDFAST_CONNECT_SECONDS * 1_000,
      // As many as asks can be open: a shorter pool would queue calls out of sight, on their agent's account.
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

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
