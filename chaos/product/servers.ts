/** PostgreSQL and the full Temporal server, set up by the same code as `npm run cluster`, with a proxy between them. */
import { randomBytes } from 'node:crypto';
import { temporalPorts } from '../../cluster/claim-ports.ts';
import { findPostgres } from '../../cluster/find-postgres.ts';
import { findServer } from '../../cluster/find-server.ts';
import { letPostgresEnter } from '../../cluster/make-data-dir.ts';
import type { State } from '../../cluster/open-state.ts';
import type { ClusterProcessPlan } from '../../cluster/cluster-process.ts';
import { initPostgres, postgresIdentity, postgresPlan } from '../../cluster/postgres.ts';
import { prepareNamespace } from '../../cluster/prepare-namespace.ts';
import { serverPlan, temporalAddress, updateSchema } from '../../cluster/temporal-server.ts';
import { serverTable } from '../../src/platform/server-table.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { surroundings } from './environment.ts';
import { KeptProcess } from './kept-process.ts';
import { claimPort } from './ports.ts';
import type { PostgresPlace } from './postgres-data.ts';
import type { ProductSettings } from './product.ts';

/** The running servers and how to reach them. */
export interface Servers {
  readonly postgres: KeptProcess;
  readonly temporal: KeptProcess;
  /** The proxy between the Temporal server and PostgreSQL. */
  readonly proxy: TcpProxy;
  readonly temporalPort: number;
  readonly temporalAddress: string;
  readonly postgresVersion: string;
  readonly place: PostgresPlace;
}

/** Starts new servers with their data in `dataDir`. Throws `StartupError`, e.g. if PostgreSQL is not installed. */
export async function startServers(settings: ProductSettings, dataDir: string): Promise<Servers> {
  const { folder, print } = settings;
  const binaries = await findPostgres(undefined);
  const calledOff = new AbortController().signal;
  const serverBinaries = await findServer(print, calledOff);
  await letPostgresEnter(dataDir);
  const user = await postgresIdentity(dataDir);
  const state = await newState(settings);
  const { postgres: port = 0, FRONTEND_GRPC_PORT: temporalPort = 0 } = state.ports;
  const keep = (plan: Omit<ClusterProcessPlan, 'logFolder'>): KeptProcess => {
    const env = { ...surroundings(settings), ...plan.env };
    return new KeptProcess({ ...plan, env, ready: plan.isReady, logFolder: folder });
  };
  const plan = postgresPlan(binaries, dataDir, port, user);
  const postgres = keep(plan);
  await initPostgres(binaries, dataDir, state.postgresPassword, user, calledOff);
  await postgres.start();
  await updateSchema(serverBinaries, state, calledOff);
  const proxy = await TcpProxy.start(port, await claimPort());
  const temporal = keep(
    serverPlan(serverBinaries, { ...state, ports: { ...state.ports, postgres: proxy.port } }),
  );
  await temporal.start();
  await prepareNamespace(temporalAddress(state));
  return {
    postgres,
    temporal,
    proxy,
    temporalPort,
    temporalAddress: temporalAddress(state),
    postgresVersion: binaries.version,
    place: { plan, binDir: binaries.binDir, port, password: state.postgresPassword, folder },
  };
}

async function newState({ encryptionKey }: ProductSettings): Promise<State> {
  const ports: Record<string, number> = {};
  for (const name of ['postgres', ...temporalPorts]) ports[name] = await claimPort();
  return {
    shards: Number(serverTable.serverEnvironment.NUM_HISTORY_SHARDS),
    postgresPassword: randomBytes(24).toString('hex'),
    encryptionKey,
    ports,
  };
}
