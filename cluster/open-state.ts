/** The state that a cluster needs at its next start: secrets, shards and ports, in a file that only this user may read. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeJson } from '../src/platform/embedded/whole-file.ts';
import { serverTable } from '../src/platform/server-table.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { claimPorts } from './claim-ports.ts';
import { fileProblem } from './file-problem.ts';
import { maxShards } from './options.ts';
import { postgresFolder } from './postgres.ts';

const stateSchema = z
  .object({
    shards: z.number().int().min(1).max(maxShards),
    postgresPassword: z.string().min(1),
    /** The key with which facades and workers encrypt the agents' tokens. */
    encryptionKey: z.string().min(1),
    ports: z.record(z.string(), z.number().int().min(1).max(65_535)).readonly(),
  })
  .readonly();

export type State = z.infer<typeof stateSchema>;

/** The request of a start. `shards` is undefined if the user did not give a number. */
export interface StateRequest {
  readonly dataDir: string;
  readonly facades: number;
  readonly workers: number;
  readonly shards: number | undefined;
  /** The address on which the facades will listen. */
  readonly host: string;
}

export interface OpenedState {
  readonly state: State;
  /** Releases the cluster's ports: other clusters may take them. */
  readonly releasePorts: () => void;
}

export const stateFile = (dataDir: string): string => join(dataDir, 'cluster.json');

/**
 * Reads the state, or makes a new one, and claims the ports. Ports of the last start are kept if they are free. Throws
 * `StartupError` if the state is damaged, cannot be read or written, or contradicts the request.
 */
export async function openState(request: StateRequest): Promise<OpenedState> {
  const { dataDir, facades, workers, host } = request;
  const path = stateFile(dataDir);
  const last = await readState(path);
  if (!last && existsSync(postgresFolder(dataDir))) throw unusable(path, 'missing', dataDir);
  if (last && request.shards !== undefined && request.shards !== last.shards)
    throw new StartupError(
      `The cluster in ${dataDir} was made with ${last.shards} shards, which cannot be changed: leave --shards out, or give another folder with --data`,
    );
  const fresh = {
    shards: request.shards ?? Number(serverTable.serverEnvironment.NUM_HISTORY_SHARDS),
    postgresPassword: randomBytes(24).toString('hex'),
    encryptionKey: randomBytes(32).toString('base64'),
  };
  const { ports, release } = await claimPorts(facades, workers, { last: last?.ports, host });
  const state = { ...(last ?? fresh), ports };
  try {
    // Written durably: without the secrets in it, the data beside it is lost.
    await writeJson(path, state, { mode: 0o600, durable: true });
  } catch (error) {
    release();
    throw fileProblem(path, 'written', error);
  }
  return { state, releasePorts: release };
}

/**
 * Reads and parses the state file. Undefined if there is no state yet. Throws `StartupError` if it is damaged or cannot be
 * read.
 */
async function readState(path: string): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileProblem(path, 'read', error);
  }
  const parsed = stateSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(path, `damaged (${issue?.path.join('.') || 'whole'}: ${issue?.message})`, dirname(path));
}

/** Parses JSON; undefined if the text is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unusable = (path: string, how: string, dataDir: string): StartupError =>
  new StartupError(
    `${path} is ${how}, and it holds the secrets of the data beside it: restore it, or remove ${dataDir} to start with an empty cluster`,
  );
