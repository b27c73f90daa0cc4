/** Sets up a run before its first fault, and cleans up at its end. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { letPostgresEnter } from '../cluster/make-data-dir.ts';
import { startTestAgents } from './agents/test-agents.ts';
import { Ledger } from './agents/ledger.ts';
import type { FaultStage } from './faults/fault.ts';
import { Api } from './load/api.ts';
import { CallClient } from './load/call-client.ts';
import { Journal } from './load/journal.ts';
import { registerAll } from './load/registrations.ts';
import { SessionPool } from './load/session-pool.ts';
import type { Product, ProductSettings } from './product/product.ts';
import { Random } from './random.ts';
import { Secrets } from './secrets.ts';

/** A run that is set up. `folder` holds the evidence; `productFolder`, which is in it, holds the product's data and logs. */
export interface Run<P extends Product> extends FaultStage<P> {
  readonly folder: string;
  readonly productFolder: string;
  readonly marker: string;
  readonly ledger: Ledger;
}

/** Starts the product and the agents, and registers the agents. `print` prints a line of progress. */
export async function prepare<P extends Product>(
  start: (settings: ProductSettings) => Promise<P>,
  seed: number,
  print: (line: string) => void,
): Promise<Run<P>> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'));
  const productFolder = join(folder, 'product');
  await mkdir(productFolder);
  for (const path of [folder, productFolder]) await letPostgresEnter(path);
  print(`seed ${seed}, evidence in ${folder}`);
  const random = new Random(seed);
  const secrets = new Secrets();
  const journal = new Journal(join(folder, 'journal.jsonl'));
  const ledger = new Ledger(join(folder, 'ledger.jsonl'));
  const apiKey = secrets.make('the API key');
  const marker = `holdfast-chaos-${randomBytes(8).toString('hex')}`;
  const encryptionKey = randomBytes(32).toString('base64');
  const product = await start({ folder: productFolder, marker, apiKey, encryptionKey, print });
  const api = new Api(product.urls, apiKey, { secrets, journal });
  const testAgents = await startTestAgents(random.fork('agents'), ledger);
  await registerAll({ api, testAgents, secrets });
  const calls = new CallClient(api, journal);
  const sessions = new SessionPool(journal);
  return {
    folder,
    productFolder,
    marker,
    ledger,
    random,
    secrets,
    journal,
    product,
    api,
    testAgents,
    calls,
    sessions,
  };
}

/** Stops agents and closes files. Deletes the folder of the run unless `keep` is true. */
export async function clear(
  { testAgents, product, journal, ledger, folder }: Run<Product>,
  keep: boolean,
): Promise<void> {
  await testAgents.close();
  await journal.close();
  await ledger.close();
  await product.close(keep ? folder : undefined);
  if (!keep) await rm(folder, { recursive: true, force: true });
}
