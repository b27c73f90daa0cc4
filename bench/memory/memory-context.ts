import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Children } from '../children.ts';
import { prepareNode, type AgentPorts } from '../node-subjects.ts';
import { startProduct, type Product } from '../product.ts';
import type { Fact } from '../report.ts';
import type { Progress } from '../rounds.ts';
import type { Judged } from '../targets.ts';
import { collectsGarbage } from './held.ts';

export interface MemoryReport {
  readonly verdict: Judged[];
  readonly facts: Fact[];
}

/** What each measurement of memory needs. It adds its results to `into`. */
export interface MemoryContext {
  readonly children: Children;
  readonly folder: string;
  readonly agents: AgentPorts;
  readonly into: MemoryReport;
  readonly progress: Progress;
}

/** Starts a node whose memory can be measured, with its data in the folder `name`. */
export async function startNode(
  { children, folder, agents }: MemoryContext,
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const dataDir = join(folder, name);
  await mkdir(dataDir);
  const product = await startProduct(children, { dataDir, nodeFlags: collectsGarbage, environment });
  await prepareNode(product, agents);
  return product;
}
