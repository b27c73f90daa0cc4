/** Everything of a run that is taken up before the first fault and given back at the end. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCast } from './agents/cast.ts';
import { Ledger } from './agents/ledger.ts';
import type { FaultStage } from './faults/fault.ts';
import { Api } from './load/api.ts';
import { CallDoor } from './load/call-door.ts';
import { Journal } from './load/journal.ts';
import { registerAll } from './load/registrations.ts';
import { SessionPool } from './load/session-pool.ts';
import { startCluster } from './product/cluster.ts';
import { Random } from './random.ts';
import { Secrets } from './secrets.ts';

export interface Run extends FaultStage {
  readonly folder: string;
  readonly productFolder: string;
  readonly marker: string;
  readonly ledger: Ledger;
}

export async function prepare(seed: number, tell: (line: string) => void): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'));
  const productFolder = join(folder, 'product');
  await mkdir(productFolder);
  tell(`seed ${seed}, evidence in ${folder}`);
  const random = new Random(seed);
  const secrets = new Secrets();
  const journal = new Journal(join(folder, 'journal.jsonl'));
  const ledger = new Ledger(join(folder, 'ledger.jsonl'));
  const apiKey = secrets.make('the API key');
  const marker = `holdfast-chaos-${randomBytes(8).toString('hex')}`;
  const encryptionKey = randomBytes(32).toString('base64');
  const cluster = await startCluster({ folder: productFolder, marker, apiKey, encryptionKey });
  const api = new Api(cluster.urls, apiKey, { secrets, journal });
  const cast = await startCast(random.fork('agents'), ledger);
  await registerAll({ api, cast, secrets });
  const calls = new CallDoor(api, journal);
  const sessions = new SessionPool(journal);
  tell('the node, the facade and the worker are up');
  return {
    folder,
    productFolder,
    marker,
    ledger,
    random,
    secrets,
    journal,
    cluster,
    api,
    cast,
    calls,
    sessions,
  };
}

/** With `keep` the evidence stays. */
export async function clear({ cast, cluster, journal, ledger, folder }: Run, keep: boolean): Promise<void> {
  await cast.close();
  await Promise.all([cluster.facadeRoad.close(), cluster.workerRoad.close()]);
  journal.close();
  ledger.close();
  await cluster.data.close(keep ? join(folder, 'database') : undefined);
  await cluster.store.close(keep ? join(folder, 'texts') : undefined);
  if (!keep) await rm(folder, { recursive: true, force: true });
}
