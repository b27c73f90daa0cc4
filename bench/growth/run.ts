/**
 * `npm run bench -- --growth` measures whether a call costs more on a node that stores much. Two nodes, each with its own
 * server, one empty and one filled, alternate, so that a slow moment affects both.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, setGlobalDispatcher } from 'undici';
import { startAgents } from '../agent-process.ts';
import { Children } from '../children.ts';
import { Histories } from '../history-counts.ts';
import { prepareNode } from '../node-subjects.ts';
import type { Options } from '../options.ts';
import { inTemporaryFolder, startProduct, type Product } from '../product.ts';
import { reportRow, thisMachine, type Report } from '../report.ts';
import { measure, type Progress } from '../rounds.ts';
import { fill } from './fill.ts';
import { growthGroups, growthRatios, growthVerdict } from './rows.ts';

type Wanted = Pick<Options, 'calls' | 'rounds' | 'concurrency' | 'stored'>;

export async function runGrowth(options: Wanted, progress: Progress): Promise<Report> {
  const machine = thisMachine();
  setGlobalDispatcher(new Agent({ connections: 128 }));
  return inTemporaryFolder(async (folder) => {
    const children = new Children();
    try {
      return { ...(await run(options, children, folder, progress)), machine };
    } finally {
      await children.stop();
    }
  });
}

async function run(
  options: Wanted,
  children: Children,
  folder: string,
  progress: Progress,
): Promise<Omit<Report, 'machine'>> {
  const agents = await startAgents(children);
  const start = async (name: string): Promise<Product> => {
    const dataDir = join(folder, name);
    await mkdir(dataDir);
    const product = await startProduct(children, { dataDir });
    await prepareNode(product, agents);
    return product;
  };
  const [empty, full] = [await start('empty'), await start('full')];
  await fill(full, options.stored, agents.quick, Math.max(...options.concurrency), progress);
  const histories = {
    empty: new Histories(empty.temporalAddress),
    full: new Histories(full.temporalAddress),
  };
  const groups = growthGroups(
    { product: empty, histories: histories.empty },
    { product: full, histories: histories.full },
    options.stored,
  );
  const failures: string[] = [];
  const measured = await measure(
    groups.map((rows) => rows.map(({ key, subject }) => [key, subject] as const)),
    options,
    progress,
    failures,
  );
  await histories.empty.close();
  await histories.full.close();
  return {
    format: 1,
    at: new Date().toISOString(),
    plan: options,
    rows: groups.flat().flatMap(({ key, title }) => {
      const row = measured.get(key);
      return row ? [reportRow(key, title, row, options)] : [];
    }),
    ratios: growthRatios(measured, options.rounds),
    verdict: growthVerdict(measured, options.rounds),
    failures,
  };
}
