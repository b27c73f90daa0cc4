/** Facades and workers, as `npm start` and `npm run worker` run them. */
import { join } from 'node:path';
import { loadConfig, type Config } from '../src/platform/config.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { localhost } from './free-ports.ts';
import type { State } from './open-state.ts';
import type { PartPlan } from './part.ts';
import { temporalAddress } from './temporal-server.ts';

/** What a stopping process may take beyond its drain, and some to spare. */
const graceMs = 8_000;
const askMs = 5_000;

const everyAddress = new Set(['0.0.0.0', '::']);

/** Where a facade that listens on `host` is reached from this machine. */
export function facadeUrl(name: string, host: string, { ports }: State): string {
  const address = everyAddress.has(host) ? localhost : host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${ports[name]}`;
}

export const workerUrl = (name: string, { ports }: State): string => `http://${localhost}:${ports[name]}`;

/** What a process of Holdfast is planned from; `environment` is the user's, whose settings hold for each of them. */
export interface Surroundings {
  readonly dataDir: string;
  readonly state: State;
  readonly environment: NodeJS.ProcessEnv;
}

/** The settings that hold for each of them. Throws `StartupError`. */
export function settingsOf(environment: NodeJS.ProcessEnv): Config {
  return loadConfig(inherited(environment));
}

/** An empty variable sets nothing, and another Temporal server, or a profile of one, is not meant here. */
function inherited(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const set = Object.entries(environment).filter(
    ([variable, value]) => value !== '' && !variable.startsWith('TEMPORAL_'),
  );
  return { HOLDFAST_EMBEDDED_WORKER: 'off', ...Object.fromEntries(set) };
}

export function facadePlan(name: string, around: Surroundings): Omit<PartPlan, 'logFolder'> {
  const { state, environment } = around;
  const { host } = settingsOf(environment);
  return plan(name, ['dist', 'src', 'node', 'server.js'], around, {
    own: { HOLDFAST_PORT: String(state.ports[name]) },
    host,
    healthUrl: `${facadeUrl(name, host, state)}/readyz`,
  });
}

export function workerPlan(name: string, around: Surroundings): Omit<PartPlan, 'logFolder'> {
  const { state } = around;
  return plan(name, ['dist', 'worker.js'], around, {
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
  { dataDir, state, environment }: Surroundings,
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
    isReady: () => answers(healthUrl),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(askMs) })).ok;
  } catch {
    return false;
  }
}
