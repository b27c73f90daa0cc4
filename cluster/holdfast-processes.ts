/** Facades and workers, as `npm start` and `npm run worker` run them. */
import { join } from 'node:path';
import { loadConfig, type Config } from '../src/platform/config.ts';
import { firstLineOf } from '../src/platform/embedded/first-line.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { localhost } from './free-ports.ts';
import type { State } from './open-state.ts';
import type { PartPlan } from './part.ts';
import { temporalAddress } from './temporal-server.ts';

/** What a stopping process may take beyond its drain, and some to spare. */
const graceMs = 8_000;
const askMs = 5_000;
const maxReasonLength = 500;

const everyAddress = new Set(['0.0.0.0', '::']);

/** Where a facade that listens on `host` is reached from this machine. */
export function facadeUrl(name: string, host: string, { ports }: State): string {
  const address = everyAddress.has(host) ? localhost : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${ports[name]}`;
}

export const workerUrl = (name: string, { ports }: State): string => `http://${localhost}:${ports[name]}`;

/** What a process of Holdfast is planned from; `environment` is the user's, whose settings hold for each of them. */
export interface ProcessContext {
  readonly dataDir: string;
  readonly state: State;
  readonly environment: NodeJS.ProcessEnv;
}

/** The settings that hold for each of them, checked before any process is started. Throws `StartupError`. */
export function settingsOf(environment: NodeJS.ProcessEnv): Config {
  return loadConfig(inherited(environment));
}

/**
 * A blank variable sets nothing, and another Temporal server, or a profile of one, is not meant here. What is on this
 * machine is not reached through a proxy.
 */
function inherited(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const set = Object.entries(environment).filter(
    ([variable, value]) => value?.trim() !== '' && !variable.startsWith('TEMPORAL_'),
  );
  const own = Object.fromEntries(set);
  const noProxy = [own['no_proxy'] ?? own['NO_PROXY'], localhost, 'localhost'].filter(Boolean).join(',');
  return { HOLDFAST_EMBEDDED_WORKER: 'off', ...own, no_proxy: noProxy, NO_PROXY: noProxy };
}

export function facadePlan(name: string, context: ProcessContext): Omit<PartPlan, 'logFolder'> {
  const { state, environment } = context;
  const { host } = settingsOf(environment);
  return plan(name, ['dist', 'src', 'api', 'server.js'], context, {
    own: { HOLDFAST_PORT: String(state.ports[name]) },
    host,
    healthUrl: `${facadeUrl(name, host, state)}/readyz`,
  });
}

export function workerPlan(name: string, context: ProcessContext): Omit<PartPlan, 'logFolder'> {
  const { state } = context;
  return plan(name, ['dist', 'worker.js'], context, {
    own: { HOLDFAST_WORKER_PORT: String(state.ports[name]) },
    host: localhost,
    healthUrl: `${workerUrl(name, state)}/healthz`,
  });
}

interface Role {
  /** Its own settings. */
  readonly own: Readonly<Record<string, string>>;
  readonly host: string;
  readonly healthUrl: string;
}

function plan(
  name: string,
  script: readonly string[],
  { dataDir, state, environment }: ProcessContext,
  { own, host, healthUrl }: Role,
): Omit<PartPlan, 'logFolder'> {
  const env: NodeJS.ProcessEnv = {
    HOLDFAST_ENCRYPTION_KEY: state.encryptionKey,
    HOLDFAST_PAYLOAD_STORE: join(dataDir, 'payloads'),
    ...inherited(environment),
    TEMPORAL_ADDRESS: temporalAddress(state),
    // It names no file, so that the user's own, with its TLS and keys, is not read.
    TEMPORAL_CONFIG_FILE: join(dataDir, 'temporal.toml'),
    HOLDFAST_DATA_DIR: join(dataDir, name),
    ...own,
  };
  return {
    name,
    command: [process.execPath, '--enable-source-maps', join(packageRoot, ...script)],
    env,
    listens: { host, port: state.ports[name] ?? 0 },
    stopMs: loadConfig(env).drainMs + graceMs,
    isReady: async () => (await problemAt(healthUrl)) === undefined,
    whyNotReady: async () => ({ reason: (await problemAt(healthUrl)) ?? 'it has just become ready' }),
  };
}

/** Why it is not ready; undefined: it is. */
async function problemAt(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(askMs) });
    const text = await response.text();
    return response.ok ? undefined : `${url} answers ${response.status} ${text.slice(0, maxReasonLength)}`;
  } catch (error) {
    return `${url}: ${firstLineOf(error)}`;
  }
}
