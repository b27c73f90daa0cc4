/** Facades and workers, as `npm start` and `npm run worker` run them. */
import { join } from 'node:path';
import { loadConfig } from '../src/platform/config.ts';
import { packageRoot } from '../src/platform/paths.ts';
import type { State } from './open-state.ts';
import type { PartPlan } from './part.ts';
import { temporalAddress } from './temporal-server.ts';

/** What a stopping process may take beyond its drain, and some to spare. */
const graceMs = 8_000;
const askMs = 5_000;

export const urlOf = (name: string, { ports }: State): string => `http://127.0.0.1:${ports[name]}`;

/** What a process of Holdfast is planned from; `environment` is the user's, whose settings hold for each of them. */
export interface Surroundings {
  readonly dataDir: string;
  readonly state: State;
  readonly environment: NodeJS.ProcessEnv;
}

export function facadePlan(name: string, around: Surroundings): Omit<PartPlan, 'logFolder'> {
  return plan(name, ['dist', 'src', 'api', 'server.js'], '/readyz', around, {
    HOLDFAST_PORT: String(around.state.ports[name]),
  });
}

export function workerPlan(name: string, around: Surroundings): Omit<PartPlan, 'logFolder'> {
  return plan(name, ['dist', 'worker.js'], '/healthz', around, {
    HOLDFAST_WORKER_PORT: String(around.state.ports[name]),
  });
}

function plan(
  name: string,
  script: readonly string[],
  healthPath: string,
  { dataDir, state, environment }: Surroundings,
  own: Readonly<Record<string, string>>,
): Omit<PartPlan, 'logFolder'> {
  // Another Temporal server, or a profile of one, is not meant here.
  const inherited = Object.entries(environment).filter(([variable]) => !variable.startsWith('TEMPORAL_'));
  const env: NodeJS.ProcessEnv = {
    HOLDFAST_EMBEDDED_WORKER: 'off',
    HOLDFAST_ENCRYPTION_KEY: state.encryptionKey,
    HOLDFAST_PAYLOAD_STORE: join(dataDir, 'payloads'),
    ...Object.fromEntries(inherited),
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
    stopMs: loadConfig(env).drainMs + graceMs,
    isReady: () => answers(urlOf(name, state) + healthPath),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(askMs) })).ok;
  } catch {
    return false;
  }
}
