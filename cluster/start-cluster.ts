/**
 * Starts a cluster as processes of this machine and stops them in reverse order. Each process is started once the processes
 * that it needs are ready.
 */
import { join } from 'node:path';
import { lockDataDir } from '../src/platform/embedded/data-dir-lock.ts';
import { EmbeddedServerError } from '../src/platform/embedded/embedded-server-error.ts';
import type { Cleanups } from '../src/platform/shutdown.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { namesOf } from './claim-ports.ts';
import { fileProblem } from './file-problem.ts';
import { findPostgres } from './find-postgres.ts';
import { findServer } from './find-server.ts';
import { facadePlan, facadeUrl, settingsOf, workerPlan } from './holdfast-processes.ts';
import { makeDataDir } from './make-data-dir.ts';
import { openState, type State } from './open-state.ts';
import type { Options } from './options.ts';
import { ClusterProcess, type ClusterProcessPlan } from './cluster-process.ts';
import { initPostgres, madeWith, postgresIdentity, postgresPlan } from './postgres.ts';
import { prepareNamespace } from './prepare-namespace.ts';
import { serverPlan, temporalAddress, updateSchema } from './temporal-server.ts';

/** A running cluster. */
export interface Cluster {
  readonly facades: readonly ClusterProcess[];
  readonly workers: readonly ClusterProcess[];
  readonly temporal: ClusterProcess;
  readonly postgres: ClusterProcess;
  readonly postgresVersion: string;
  readonly facadeUrls: readonly string[];
  readonly temporalAddress: string;
  readonly logFolder: string;
  readonly state: State;
  /** Whether this start created the cluster's data. */
  readonly isNew: boolean;
  /** Resolves with the reason once a process of the cluster cannot be kept running. */
  readonly lost: Promise<string>;
}

/** The options of the command line, and further ones that only tests and benchmarks set. */
export interface ClusterOptions extends Options {
  /** The user's environment. Its settings apply to each facade and worker. Default: the environment of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Path of the Temporal server's dynamic configuration. Default: deploy/temporal-dynamic-config.yaml. */
  readonly dynamicConfig?: string;
}

/**
 * Starts a cluster and resolves once it is ready for calls. Registers with `cleanups` how to stop what has been started, so
 * that it is stopped after a failure too. Throws `StartupError`, or the abort reason of `signal`.
 */
export async function startCluster(
  options: ClusterOptions,
  cleanups: Cleanups,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Cluster> {
  const { dataDir, environment = process.env } = options;
  const { host } = settingsOf(environment); // First, since building the server takes minutes and the settings may be wrong.
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
  const started: ClusterProcess[] = [];
  /** Starts several processes at the same time. If one fails, `cleanups` still stops the others. */
  const start = async (
    what: string,
    plans: readonly Omit<ClusterProcessPlan, 'logFolder'>[],
  ): Promise<ClusterProcess[]> => {
    signal.throwIfAborted();
    report(`Starting ${what}`);
    const needs = [...started];
    const starts = plans.map((plan) => ClusterProcess.start({ ...plan, logFolder }, report, signal, needs));
    cleanups.add(what, async () => {
      report(`Stopping ${what}`);
      const done = await Promise.allSettled(starts);
      await Promise.all(
        done.map((one) => (one.status === 'fulfilled' ? one.value.stop() : Promise.resolve())),
      );
    });
    const processes = await Promise.all(starts);
    started.push(...processes);
    return processes;
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
  if (!postgres || !temporal) throw new Error('PostgreSQL or Temporal was not started');
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
    lost: Promise.race([postgres, temporal, ...workers, ...facades].map((one) => one.lost)),
  };
}

async function lock(dataDir: string): Promise<() => Promise<void>> {
  try {
    return await lockDataDir(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined && !(error instanceof EmbeddedServerError))
      throw fileProblem(dataDir, 'entered and written', error);
    if (!(error instanceof EmbeddedServerError)) throw error;
    throw new StartupError(`A running cluster uses ${dataDir}: stop it, or give another folder with --data`, {
      cause: error,
    });
  }
}
