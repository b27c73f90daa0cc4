/** Plans of facades and workers, which are run as by `npm start` and `npm run worker`. */
import { join } from 'node:path';
import { loadConfig, type Config } from '../src/platform/config.ts';
import { firstLineOf } from '../src/platform/embedded/first-line.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { localhost } from './free-ports.ts';
import type { State } from './open-state.ts';
import type { ClusterProcessPlan } from './cluster-process.ts';
import { temporalAddress } from './temporal-server.ts';

/** How long a stopping process may take in addition to its drain. */
const graceMs = 8_000;
const healthTimeoutMs = 5_000;
const maxReasonLength = 500;

const everyAddress = new Set(['0.0.0.0', '::']);

/** Returns the URL at which this machine reaches a facade that listens on `host`. */
export function facadeUrl(name: string, host: string, { ports }: State): string {
  const address = everyAddress.has(host) ? localhost : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${ports[name]}`;
}

export const workerUrl = (name: string, { ports }: State): string => `http://${localhost}:${ports[name]}`;

/** The input for the plan of a process. `environment` is the user's; its settings apply to every process. */
export interface ProcessContext {
  readonly dataDir: string;
  readonly state: State;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Returns the settings that apply to every process. Checks them before any process is started: throws `StartupError` if one is
 * wrong.
 */
export function settingsOf(environment: NodeJS.ProcessEnv): Config {
  return loadConfig(inherited(environment));
}

/**
 * Returns the user's environment as every process gets it. Blank variables are ignored. TEMPORAL_ variables are left out,
 * because the processes use the cluster's own server. This machine is never reached through an HTTP proxy.
 */
function inherited(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const set = Object.entries(environment).filter(
    ([variable, value]) => value?.trim() !== '' && !variable.startsWith('TEMPORAL_'),
  );
  const own = Object.fromEntries(set);
  const noProxy = [own['no_proxy'] ?? own['NO_PROXY'], localhost, 'localhost'].filter(Boolean).join(',');
  return { HOLDFAST_EMBEDDED_WORKER: 'off', ...own, no_proxy: noProxy, NO_PROXY: noProxy };
}

export function facadePlan(name: string, context: ProcessContext): Omit<ClusterProcessPlan, 'logFolder'> {
  const { state, environment } = context;
  const { host } = settingsOf(environment);
  return plan(name, ['dist', 'src', 'node', 'server.js'], context, {
    own: { HOLDFAST_PORT: String(state.ports[name]) },
    host,
    healthUrl: `${facadeUrl(name, host, state)}/readyz`,
  });
}

export function workerPlan(name: string, context: ProcessContext): Omit<ClusterProcessPlan, 'logFolder'> {
  const { state } = context;
  return plan(name, ['dist', 'worker.js'], context, {
    own: { HOLDFAST_WORKER_PORT: String(state.ports[name]) },
    host: localhost,
    healthUrl: `${workerUrl(name, state)}/healthz`,
  });
}

interface Role {
  /** Settings of this process only, in addition to those of all processes. */
  readonly own: Readonly<Record<string, string>>;
  readonly host: string;
  readonly healthUrl: string;
}

function plan(
  name: string,
  script: readonly string[],
  { dataDir, state, environment }: ProcessContext,
  { own, host, healthUrl }: Role,
): Omit<ClusterProcessPlan, 'logFolder'> {
  const env: NodeJS.ProcessEnv = {
    HOLDFAST_ENCRYPTION_KEY: state.encryptionKey,
    HOLDFAST_PAYLOAD_STORE: join(dataDir, 'payloads'),
    ...inherited(environment),
    TEMPORAL_ADDRESS: temporalAddress(state),
    // This file does not exist, so that the user's own configuration with its TLS and keys is not read.
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

/** Returns why the process is not ready; undefined if it is. */
async function problemAt(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(healthTimeoutMs) });
    const text = await response.text();
    return response.ok ? undefined : `${url} answers ${response.status} ${text.slice(0, maxReasonLength)}`;
  } catch (error) {
    return `${url}: ${firstLineOf(error)}`;
  }
}
