/** Fills a node with agents, sessions and calls. */
import { call, retryWhileUnavailable, post } from '../http.ts';
import { runLanes } from '../lanes.ts';
import { storeCalls } from '../load.ts';
import type { Product } from '../product.ts';
import type { Progress } from '../rounds.ts';

/** Prefix of the long sessions: one for each lane, `long-LANE`. */
export const longSessions = 'long';
const longTurns = 1_000;
const agents = 1_000;
/** The number of agents that `prepareNode` has already registered. */
const others = 6;
const importAtOnce = 50;
const importers = 4;

export async function fill(
  product: Product,
  stored: number,
  quickPort: number,
  lanes: number,
  progress: Progress,
): Promise<void> {
  progress(`registering ${agents} agents`);
  const names = Array.from({ length: agents - others }, (_, index) => `stored-${index}`);
  const toRegister = [...names];
  await runLanes(
    () =>
      post(`${product.url}/api/vps/register`, { name: toRegister.pop(), host: '127.0.0.1', port: quickPort }),
    names.length,
    importers,
  );
  await importSessions(product, sessionsOf('stored', 0, stored), progress);
  await importSessions(product, sessionsOf(longSessions, 0, lanes, longTurns), progress);
  let next = 0;
  const callOne = () => call(product.url, { agent_name: names[next++ % names.length] ?? '' });
  await storeCalls(product.url, stored, progress, callOne);
}

export type ImportedSession = readonly [id: string, session: object];

export function sessionsOf(prefix: string, from: number, count: number, turns = 2): ImportedSession[] {
  const session = sessionOf(turns);
  return Array.from({ length: count }, (_, index) => [`${prefix}-${from + index}`, session]);
}

export async function importSessions(
  { url }: Product,
  sessions: readonly ImportedSession[],
  progress: Progress,
): Promise<void> {
  const chunks: ImportedSession[][] = [];
  for (let at = 0; at < sessions.length; at += importAtOnce)
    chunks.push(sessions.slice(at, at + importAtOnce));
  const total = chunks.length;
  await runLanes(
    async () => {
      const chunk = chunks.pop() ?? [];
      progress(`importing sessions: ${total - chunks.length} of ${total} parts`);
      const report = await retryWhileUnavailable(() =>
        post(`${url}/api/vps/sessions/import`, { sessions: Object.fromEntries(chunk) }),
      );
      // `skipped` sessions were imported by an earlier try that was refused in the end.
      const { imported, skipped } = report as { imported: number; skipped: unknown[] };
      if (imported + skipped.length !== chunk.length)
        throw new Error(`Not all sessions were imported: ${JSON.stringify(report)}`);
    },
    total,
    Math.min(importers, total),
  );
}

function sessionOf(turns: number): object {
  const now = new Date().toISOString();
  const turn = [
    { timestamp: now, role: 'user', content: 'a question of some length, as people ask them' },
    {
      timestamp: now,
      role: 'assistant',
      content: 'an answer of some length, as agents give them',
      agent: 'quick',
    },
  ];
  return { created_at: now, last_activity: now, messages: Array.from({ length: turns }, () => turn).flat() };
}
