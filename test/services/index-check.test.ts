/** The index compared with what Temporal says that it has, by a simulated list and count of closed calls. */
import { expect, test } from 'vitest';
import type { Ending } from '../../src/domain/ending.ts';
import type { IndexInUse } from '../../src/services/call-index/call-index.ts';
import { EndingIndex } from '../../src/services/call-index/ending-index.ts';
import { IndexCheck } from '../../src/services/call-index/index-check.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';

const hour = 3_600_000;
const now = 1_800_000_000_000;
const skewMs = 5_000;

const endingsOf = (from: number, count: number): Ending[] =>
  Array.from({ length: count }, (_none, index) => ({
    callId: `call-${from + index}`,
    runId: `run-${from + index}`,
    agent: 'one',
    outcome: 'failed',
    startedAt: from + index - 1,
    endedAt: from + index,
    queuedMs: 0,
    attempts: [],
  }));

/** A Temporal that has these calls, and lists and counts them by their CloseTime. */
function temporalOf(has: readonly Ending[]): Temporal {
  const found = (query: string): Ending[] => {
    const timeIn = (sign: string): number =>
      Date.parse(new RegExp(`CloseTime ${sign} '([^']+)'`).exec(query)?.[1] ?? '');
    return has.filter(({ endedAt }) => endedAt >= timeIn('>=') && endedAt < timeIn('<'));
  };
  const workflowService = {
    countWorkflowExecutions: ({ query }: { query: string }) =>
      Promise.resolve({ count: found(query).length }),
    listWorkflowExecutions: ({ query }: { query: string }) =>
      Promise.resolve({
        executions: found(query).map(({ runId }) => ({ execution: { runId } })),
        nextPageToken: new Uint8Array(),
      }),
  };
  return {
    namespace: 'default',
    client: { withDeadline: (_until: number, send: () => unknown) => send(), workflowService },
  } as unknown as Temporal;
}

function usedOf(endings: readonly Ending[], more: Partial<IndexInUse> = {}): IndexInUse {
  const index = new EndingIndex(100_000);
  index.add(endings);
  const since = now - 2 * hour;
  return { endings: index, since, listedAt: now, isBuilt: true, keptSince: 0, ...more };
}

const older = endingsOf(now - 5 * hour, 500);
const covered = endingsOf(now - hour, 200);

test('a deleted call goes, although Temporal has more calls than the index', async () => {
  const used = usedOf(covered);
  const check = new IndexCheck(temporalOf([...older, ...covered.slice(3)]));
  expect(await check.isWhole('*', used)).toBe(false);
  expect(used.endings.size).toBe(197);
});

test('as many deleted calls as the index lacks do not make it whole', async () => {
  const used = usedOf(covered);
  const check = new IndexCheck(temporalOf([...older.slice(0, 3), ...covered.slice(3)]));
  expect(await check.isWhole('*', used)).toBe(false);
  expect(used.endings.size).toBe(197);
});

test('the index is whole if it has just what Temporal has, also from before the log began', async () => {
  const used = usedOf([...older, ...covered]);
  expect(await new IndexCheck(temporalOf([...older, ...covered])).isWhole('*', used)).toBe(true);
  expect(await new IndexCheck(temporalOf([...older.slice(1), ...covered])).isWhole('*', used)).toBe(true);
  expect(used.endings.size).toBe(699);
});

test('calls that Temporal need not keep, and those that the index may not have yet, are not compared', async () => {
  const late = endingsOf(now - skewMs, 10);
  const used = usedOf(covered, { keptSince: now - 2 * hour });
  expect(await new IndexCheck(temporalOf([...older, ...covered, ...late])).isWhole('*', used)).toBe(true);
  const empty = usedOf([], { since: undefined, listedAt: 0 });
  expect(await new IndexCheck(temporalOf(late)).isWhole('*', empty)).toBe(true);
});
