/** Whether Temporal will soon delete failed calls that no archive has. */
import { retentionCondition } from '../../domain/alert-conditions.ts';
import type { ReportedCondition } from '../../domain/alert.ts';
import type { Archive } from '../archive/archive.ts';
import { callsFailedQuery } from '../calls/call-filter.ts';
import { rpc, rpcTimeoutMs, type Temporal } from '../temporal/rpc.ts';
import type { ConditionSource } from './reporter.ts';

interface Parts {
  readonly temporal: Temporal;
  readonly archive: Pick<Archive, 'watermark'> | undefined;
  /** How long Temporal keeps ended workflows, in ms. Undefined if that is not known. */
  readonly retentionMs: number | undefined;
  /** The last part of the retention in which calls count, from 0 to 1. */
  readonly lastPart: number;
  /** How often calls are counted, in ms. */
  readonly everyMs: number;
}

export function retentionSource({
  temporal,
  archive,
  retentionMs,
  lastPart,
  everyMs,
}: Parts): ConditionSource {
  let countedAt = -Infinity;
  let last: readonly ReportedCondition[] = [];
  return {
    conditions: ['retention_near'],
    async read(now) {
      if (retentionMs === undefined || now - countedAt < everyMs) return last;
      const withinMs = retentionMs * lastPart;
      const to = now - retentionMs + withinMs;
      const from = Math.max(now - retentionMs, (await archive?.watermark()) ?? 0);
      const one = retentionCondition(from < to ? await countFailed(temporal, from, to) : 0, {
        now,
        withinMs,
      });
      last = one ? [one] : [];
      countedAt = now;
      return last;
    },
  };
}

async function countFailed(temporal: Temporal, from: number, to: number): Promise<number> {
  const query = callsFailedQuery(from, to);
  const { count } = await rpc(temporal, rpcTimeoutMs.read, () => temporal.client.workflow.count(query));
  return count;
}
