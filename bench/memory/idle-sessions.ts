/** What a session holds in a node's memory once its entity is evicted. */
import type { Children } from '../children.ts';
import type { Product } from '../product.ts';
import type { Fact } from '../report.ts';
import type { Progress } from '../rounds.ts';
import { judgeValue, type Judged } from '../targets.ts';
import { importSessions, sessionsOf } from './fill.ts';
import { collectsGarbage, heldKb } from './memory.ts';

const atMostKb = 1;
/** Few, so that nearly all of the sessions are evicted. */
const cachedWorkflows = 100;

export type StartNode = (
  name: string,
  more: { nodeFlags: readonly string[]; environment: Readonly<Record<string, string>> },
) => Promise<Product>;

export interface MemoryReport {
  readonly verdict: Judged[];
  readonly facts: Fact[];
}

export async function sessionMemory(
  children: Children,
  start: StartNode,
  sessions: number,
  into: MemoryReport,
  progress: Progress,
): Promise<void> {
  const product = await start('idle-sessions', {
    nodeFlags: collectsGarbage,
    environment: { HOLDFAST_CACHED_WORKFLOWS: String(cachedWorkflows) },
  });
  // As many before the first reading: what grows to a bound, heaps and caches, has grown by then.
  await importSessions(product, sessionsOf('first', 0, sessions), progress);
  const before = await heldKb(product);
  await importSessions(product, sessionsOf('more', 0, sessions), progress);
  const after = await heldKb(product);
  await children.end(product.pid);
  const perSession = (after - before) / sessions;
  const what = 'RSS of the node per idle session, evicted, kB';
  into.verdict.push(judgeValue({ what, atMost: atMostKb }, perSession));
  into.facts.push(
    { what: `RSS of the node with ${sessions} idle sessions, MiB`, value: before / 1_024 },
    { what: `RSS of the node with ${2 * sessions} idle sessions, MiB`, value: after / 1_024 },
  );
}
