/** A cluster as processes of this machine, each started once what it needs is ready, and ended in the opposite order. */
import { join } from 'node:path';
import { lockDataDir } from '../src/platform/embedded/data-dir-lock.ts';
import { EmbeddedServerError } from '../src/platform/embedded/embedded-server-error.ts';
import { StartupError, type Cleanups } from '../src/platform/shutdown.ts';
import { namesOf } from './claim-ports.ts';
import { fileProblem } from './file-problem.ts';
import { findPostgres } from './find-postgres.ts';
import { findServer } from './find-server.ts';
import { facadePlan, facadeUrl, settingsOf, workerPlan } from './holdfast-processes.ts';
import { makeDataDir } from './make-data-dir.ts';
import { openState, type State } from './open-state.ts';
import type { Options } from './options.ts';
import { Part, type PartPlan } from './part.ts';
import { initPostgres, madeWith, postgresIdentity, postgresPlan } from './postgres.ts';
import { prepareNamespace } from './prepare-namespace.ts';
import { serverPlan, temporalAddress, updateSchema } from './temporal-server.ts';

export interface Cluster {
  readonly facades: readonly Part[];
  readonly workers: readonly Part[];
  readonly temporal: Part;
  readonly postgres: Part;
  readonly postgresVersion: string;
  readonly facadeUrls: readonly string[];
  readonly temporalAddress: string;
  readonly logFolder: string;
  readonly state: State;
  /** Whether its data was made by this start. */
  readonly isNew: boolean;
  /** Resolves with the reason when a part cannot be kept running. */
  readonly lost: Promise<string>;
}

export interface ClusterOptions extends Options {
  /** The user's; its settings hold for each facade and worker. Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Path of the Temporal server's dynamic configuration. Default: the table's. */
  readonly dynamicConfig?: string;
}

/**
 * Resolves once it is ready for calls. What has been started is ended by `cleanups`, also after a failure. Throws
 * `StartupError`, or the reason of `signal`.
 */
export async function startCluster(
  options: ClusterOptions,
  cleanups: Cleanups,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Cluster> {
  const { dataDir, environment = process.env } = options;
  const { host } = settingsOf(environment); // Before minutes of building: they may be wrong.
  await makeDataDir(dataDir);
  cleanups.add('lock', await lock(dataDir));
  const user = await postgresIdentity(dataDir);
  const postgresBinaries = await findPostgres(await madeWith(dataDir));
  const serverBinaries = await findServer(report, signal);
  const isNew = (await madeWith(dataDir)) === undefined;
  const { state, releasePorts } = await openState({ ...options, host });
  cleanups.add('ports', () => {
    releasePorts();
    return Promise.resolve();
  });
  const logFolder = join(dataDir, 'logs');
  const started: Part[] = [];
  /** Starts them at once. If one fails, the others are still ended by `cleanups`. */
  const start = async (what: string, plans: readonly Omit<PartPlan, 'logFolder'>[]): Promise<Part[]> => {
    signal.throwIfAborted();
    report(`Starting ${what}`);
    const needs = [...started];
    const starts = plans.map((plan) => Part.start({ ...plan, logFolder }, report, signal, needs));
    cleanups.add(what, async () => {
      report(`Stopping ${what}`);
      const done = await Promise.allSettled(starts);
      await Promise.all(
        done.map((one) => (one.status === 'fulfilled' ? one.value.stop() : Promise.resolve())),
      );
    });
    const parts = await Promise.all(starts);
    started.push(...parts);
    return parts;
  };

  if (isNew) await initPostgres(postgresBinaries, dataDir, state.postgresPassword, user, signal);
  const [postgres] = await start('PostgreSQL', [
    postgresPlan(postgresBinaries, dataDir, state.ports['postgres'] ?? 0, user),
  ]);
  await updateSchema(serverBinaries, state, signal);
  const [temporal] = await start("Temporal's server", [
    serverPlan(serverBinaries, state, options.dynamicConfig),
  ]);
  await prepareNamespace(temporalAddress(state), undefined, signal);
  const context = { dataDir, state, environment };
  const plansOf = (role: 'facade' | 'worker', count: number) =>
    namesOf(role, count).map((name) => (role === 'facade' ? facadePlan : workerPlan)(name, context));
  const workers = await start('workers', plansOf('worker', options.workers));
  const facades = await start('facades', plansOf('facade', options.facades));
  if (!postgres || !temporal) throw new Error('Each start returns as many as it was given');
  return {
    facades,
    workers,
    temporal,
    postgres,
    postgresVersion: postgresBinaries.version,
    facadeUrls: facades.map(({ name }) => facadeUrl(name, host, state)),
    temporalAddress: temporalAddress(state),
    logFolder,
    state,
    isNew,
    lost: Promise.race([postgres, temporal, ...workers, ...facades].map((part) => part.lost)),
  };
}

async function lock(dataDir: string): Promise<() => Promise<void>> {
  try {
    return await lockDataDir(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined && !(error instanceof EmbeddedServerError))
      throw fileProblem(dataDir, 'entered and written', error);
    if (!(error instanceof EmbeddedServerError)) throw error;
    throw new StartupError(
      `A cluster that runs uses ${dataDir}: stop that one, or give another folder with --data`,
      { cause: error },
    );
  }
}
