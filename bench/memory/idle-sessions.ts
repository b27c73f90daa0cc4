/** Measures how much memory a session holds in a node after its workflow is evicted from the cache. */
import { importSessions, sessionsOf } from '../growth/fill.ts';
import { judgeValue } from '../targets.ts';
import { heldKb } from './held.ts';
import { startNode, type MemoryContext } from './memory-context.ts';

const atMostKb = 1;
/** The size of the node's workflow cache: so small that nearly all sessions are evicted. */
const cachedWorkflows = 100;

export async function sessionMemory(context: MemoryContext, sessions: number): Promise<void> {
  const { children, into, progress } = context;
  const product = await startNode(context, 'idle-sessions', {
    HOLDFAST_CACHED_WORKFLOWS: String(cachedWorkflows),
  });
  // As many sessions before the first reading, so that heaps and caches have already grown to their bounds.
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
