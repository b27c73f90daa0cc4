/** What one request for calls may cost, with a simulated Temporal that has lost all calls of the log. */
import { WorkflowNotFoundError } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Ending } from '../../src/domain/ending.ts';
import { CallIndex } from '../../src/services/call-index/call-index.ts';
import { CallTexts } from '../../src/services/call-index/call-texts.ts';
import { FindCalls } from '../../src/services/call-index/find-calls.ts';
import type { CallRecords } from '../../src/services/calls/call-records.ts';
import { EndingLog } from '../../src/services/endings/ending-log.ts';
import type { Temporal } from '../../src/services/temporal/rpc.ts';
import type { TextStore } from '../../src/payloads/text-store.ts';
import { MemoryStore } from '../payloads/memory-store.ts';

const now = 1_800_000_000_000;

/** A log of deleted calls. Temporal's count has them still, so that the index is not looked through for them. */
async function world(deleted: number) {
  const log = new EndingLog(new MemoryStore());
  const endings = Array.from({ length: deleted }, (_none, index): Ending => ({
    callId: `call-${index}`,
    runId: `run-${index}`,
    agent: 'one',
    outcome: 'failed',
    startedAt: now - 100_000 + index,
    endedAt: now - 90_000 + index,
    queuedMs: 0,
    attempts: [{ agent: 'one', errorType: 'auth', tries: 1, latencyMs: 1 }],
  }));
  await log.append({ number: 1, fence: 1, at: now, until: now, endings });
  const asked = { describes: 0, histories: 0 };
  const temporal = {
    namespace: 'default',
    client: {
      withDeadline: (_until: number, send: () => unknown) => send(),
      workflowService: {
        countWorkflowExecutions: () => Promise.resolve({ count: deleted }),
        listWorkflowExecutions: () => Promise.resolve({ executions: [], nextPageToken: new Uint8Array() }),
      },
      workflow: {
        getHandle: () => ({
          describe: () => {
            asked.describes += 1;
            return Promise.reject(new WorkflowNotFoundError('gone', 'x', undefined));
          },
        }),
      },
    },
  } as unknown as Temporal;
  const records = {
    list: () => Promise.resolve({ items: [] }),
    startInput: () => {
      asked.histories += 1;
      return Promise.resolve({ prompt: 'secret' });
    },
  } as unknown as CallRecords;
  const index = new CallIndex({ log, maxCalls: 100_000, retentionMs: undefined, now: () => now });
  const texts = new CallTexts(records, undefined as unknown as TextStore, 0);
  return { asked, find: new FindCalls({ temporal, records, index, texts, now: () => now }) };
}
const search = { project: '*', asked: 'one' };
const order = { sort: 'started', order: 'desc' } as const;

test('a page over deleted calls ends early and says how to go on', async () => {
  const { asked, find } = await world(5_000);
  const page = await find.list(search, { ...order, limit: 50 });
  expect(page.items).toEqual([]);
  expect(asked.describes).toBeLessThan(1_100);
  expect(page.nextCursor).toBeDefined();
});

test('a file ends once its reader is gone, also while nothing is found', async () => {
  const { asked, find } = await world(5_000);
  const { calls } = await find.all(search, order, 1_000, AbortSignal.abort());
  for await (const call of calls) expect(call).toBeUndefined();
  expect(asked.describes).toBe(0);
});

test('a deleted call is not counted by its content, nor is its content read', async () => {
  const { asked, find } = await world(10);
  const counts = await find.counts({ project: '*', promptContains: 'secret' });
  expect(counts.total).toBe(0);
  expect(asked.histories).toBe(0);
});
