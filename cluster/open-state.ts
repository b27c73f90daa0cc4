/** What a cluster must find again at its next start, in a file beside its data, for this user alone. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJson } from '../src/platform/embedded/whole-file.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { claimPorts, type Ports } from './claim-ports.ts';
import { postgresFolder } from './postgres.ts';

export interface State {
  readonly shards: number;
  readonly postgresPassword: string;
  /** Facades and workers seal and open the agents' tokens with it. */
  readonly encryptionKey: string;
  readonly ports: Ports;
}

export interface Wanted {
  readonly dataDir: string;
  readonly facades: number;
  readonly workers: number;
  readonly shards: number | undefined;
  /** That the facades listen on. */
  readonly host: string;
}

export const stateFile = (dataDir: string): string => join(dataDir, 'cluster.json');

/** Its ports are those of the last start as far as they are free. Throws `StartupError`. */
export async function openState(wanted: Wanted): Promise<State> {
  const { dataDir, facades, workers, host } = wanted;
  const path = stateFile(dataDir);
  const last = await readJson<State>(path);
  if (!last && existsSync(postgresFolder(dataDir)))
    throw new StartupError(
      `${path} is missing or damaged, and with it the secrets of the data beside it: bring it back, or remove ${dataDir} to begin anew`,
    );
  if (last && wanted.shards !== undefined && wanted.shards !== last.shards)
    throw new StartupError(
      `The cluster in ${dataDir} was made with ${last.shards} shards, which cannot be changed: leave --shards out, or give another folder with --data`,
    );
  const fresh = {
    shards: wanted.shards ?? Number(serverTable.serverEnvironment.NUM_HISTORY_SHARDS),
    postgresPassword: randomBytes(24).toString('hex'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  const ports = await claimPorts(facades, workers, { last: last?.ports, host });
  const state = { ...(last ?? fresh), ports };
  await writeJson(path, state, 0o600);
  return state;
}
