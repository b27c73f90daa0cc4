/** The facade's operations on batches of reruns. Progress is read from memos and heartbeats, so it needs no worker. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import {
  addCounts,
  countItems,
  noCounts,
  type BatchFilter,
  type BatchInput,
  type BatchItem,
  type BatchOverrides,
  type BatchProgress,
} from '../../domain/batch.ts';
import { Refusal } from '../../domain/failures.ts';
import { batchIdOf, batchWorkflowId, plainStart } from '../../domain/ids.ts';
import { batchOwner } from '../../payloads/owners.ts';
import type { TextStore } from '../../payloads/text-store.ts';
import { readPayload } from '../../temporal-sdk/payloads.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { projectAttribute } from '../calls/call-attributes.ts';
import { idOfExisting } from '../calls/existing-ids.ts';
import { batchPagesQuery, cancelBatchSignal } from '../../workflows/messages.ts';
import { loadItems } from './batch-pages.ts';
import { keepText, refusing } from '../../payloads/store-refusals.ts';
import { isNotFound, rpc, rpcTimeoutMs, workflowTaskTimeout, type Temporal } from '../temporal/rpc.ts';
import { batchesQuery, runningBatchesQuery } from '../temporal/queries.ts';
import { decodeListed, listPage, type Page } from '../temporal/visibility.ts';

/** A batch with its progress. */
export interface BatchSummary {
  readonly batchId: string;
  readonly status: 'running' | 'completed' | 'cancelled' | 'failed';
  readonly filter: BatchFilter;
  /**
   * What the reruns change. `ownPrompt` says whether they replace the prompt; the new prompt itself is confidential and not
   * included.
   */
  readonly overrides: Omit<BatchOverrides, 'prompt'> & { readonly ownPrompt: boolean };
  readonly progress: BatchProgress;
  readonly startedAt: Date;
  readonly endedAt?: Date;
}

interface BatchMemo extends Pick<BatchSummary, 'filter' | 'overrides'> {
  readonly fingerprint: string;
  readonly progress?: BatchProgress;
}

type Execution = Pick<
  Awaited<ReturnType<typeof decodeListed>>,
  'workflowId' | 'status' | 'memo' | 'startTime' | 'closeTime'
>;

/** Every method may throw the refusal `temporal_unavailable`. */
export class Batches {
  private readonly temporal: Temporal;
  private readonly texts: TextStore;

  constructor(temporal: Temporal, texts: TextStore) {
    this.temporal = temporal;
    this.texts = texts;
  }

  /**
   * Returns the batch id for the hash of an Idempotency-Key. If the hash begins with `-` or `_`, the id has an `x` in front of
   * it. A batch that an older version started keeps its id: that may be the bare hash, or come from one of the `earlier` hashes.
   * If several exist, the request's own is the one with its fingerprint.
   */
  async idOf(digest: string, earlier: readonly string[], fingerprint: string): Promise<string> {
    const id = plainStart(digest);
    const possible = [id, digest, ...earlier.flatMap((one) => [plainStart(one), one])];
    if (possible.every((one) => one === id)) return id;
    return idOfExisting(possible, fingerprint, (one) => this.fingerprintOf(one));
  }

  private async fingerprintOf(batchId: string): Promise<string | undefined> {
    try {
      return ((await this.execution(batchId)).memo as unknown as BatchMemo).fingerprint;
    } catch (error) {
      if (error instanceof Refusal && error.type === 'batch_not_found') return undefined;
      throw error;
    }
  }

  /** Starts the batch. A repeat with the same id and fingerprint changes nothing; another fingerprint is refused. */
  async start(input: BatchInput & { overrides: { prompt?: string } }, fingerprint: string): Promise<void> {
    const { batchId, filter, overrides } = input;
    const { prompt, ...others } = overrides;
    const kept = prompt === undefined ? undefined : await keepText(this.texts, batchOwner(batchId), prompt);
    const memo: BatchMemo = { fingerprint, filter, overrides: { ...others, ownPrompt: kept !== undefined } };
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () =>
        this.temporal.client.workflow.start('rerunBatch', {
          workflowId: batchWorkflowId(batchId),
          taskQueue: this.temporal.taskQueue,
          args: [{ ...input, overrides: { ...others, ...(kept !== undefined && { prompt: kept }) } }],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowTaskTimeout,
          memo: { ...memo },
          typedSearchAttributes: batchAttributes(batchId),
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      const existing = (await this.execution(batchId)).memo as unknown as BatchMemo;
      if (existing.fingerprint !== fingerprint)
        throw new Refusal('idempotency_mismatch', 'Use a new Idempotency-Key for another batch');
    }
  }

  /** Returns the batch with its progress. Throws the refusal `batch_not_found`. */
  async describe(batchId: string): Promise<BatchSummary> {
    const execution = await this.execution(batchId);
    const [activity] = execution.raw.pendingActivities ?? [];
    return batchSummaryOf(execution, readPayload<BatchItem[]>(activity?.heartbeatDetails) ?? []);
  }

  /** Returns every item with its current outcome. Needs a worker. Throws the refusal `batch_not_found`. */
  async items(batchId: string): Promise<BatchItem[]> {
    const execution = await this.execution(batchId);
    const handle = this.temporal.client.workflow.getHandle(batchWorkflowId(batchId));
    const { listed, reported } = await rpc(this.temporal, rpcTimeoutMs.read, () =>
      handle.query(batchPagesQuery),
    );
    const [activity] = execution.raw.pendingActivities ?? [];
    const latest = readPayload<BatchItem[]>(activity?.heartbeatDetails) ?? [];
    const pages = listed.map(async (key, index) => {
      const report = reported[index];
      if (report === undefined && index === reported.length && latest.length > 0) return latest;
      return refusing(() => loadItems(this.texts, report ?? key));
    });
    return (await Promise.all(pages)).flat();
  }

  /** Returns one page of batches, newest first. Their progress does not include the page that a running batch is working on. */
  async list(
    project: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<Page<BatchSummary>> {
    const { items, ...rest } = await listPage(this.temporal, batchesQuery(project), page);
    const infos = items.map((one) => decodeListed(this.temporal, one));
    return { items: (await Promise.all(infos)).map((info) => batchSummaryOf(info, [])), ...rest };
  }

  /** Does what `cancel` does for every batch of the project. Temporal lists a batch about a second after its start. */
  async cancelAll(project: string): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await listPage(this.temporal, runningBatchesQuery(project), { limit: 100, cursor });
      const ids = page.items.map(({ execution }) => batchIdOf(execution?.workflowId ?? ''));
      await Promise.all(ids.map((id) => this.cancel(id).catch(ignoreMissing)));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /**
   * Requests that the batch starts no more calls; calls in flight run to their end. Returns `running` if it was requested,
   * otherwise the status of the batch, which has ended. Throws the refusal `batch_not_found`.
   */
  async cancel(batchId: string): Promise<BatchSummary['status']> {
    const { status } = await this.describe(batchId);
    if (status !== 'running') return status;
    const handle = this.temporal.client.workflow.getHandle(batchWorkflowId(batchId));
    try {
      await rpc(this.temporal, rpcTimeoutMs.write, () => handle.signal(cancelBatchSignal));
      return status;
    } catch (error) {
      if (isNotFound(error)) return (await this.describe(batchId)).status; // It ended in between.
      throw error;
    }
  }

  private async execution(batchId: string) {
    try {
      return await rpc(this.temporal, rpcTimeoutMs.read, () =>
        this.temporal.client.workflow.getHandle(batchWorkflowId(batchId)).describe(),
      );
    } catch (error) {
      if (isNotFound(error)) throw noSuchBatch(batchId);
      throw error;
    }
  }
}

export function noSuchBatch(batchId: string): Refusal {
  return new Refusal('batch_not_found', `Batch '${batchId}' is not known`);
}

function batchAttributes(batchId: string): TypedSearchAttributes {
  const project = projectAttribute(batchId);
  return new TypedSearchAttributes(
    project === null ? [] : [{ key: searchAttributes.project, value: project }],
  );
}

/** Makes the summary of a batch. `latest` are the items of the page that it is working on. */
export function batchSummaryOf(execution: Execution, latest: readonly BatchItem[]): BatchSummary {
  const { filter, overrides, progress } = execution.memo as unknown as BatchMemo;
  const known = progress ?? { ...noCounts, total: 0, cancelled: false };
  return {
    batchId: batchIdOf(execution.workflowId),
    status: statusOf(execution.status.name, known.cancelled),
    filter,
    overrides,
    progress: { ...known, ...addCounts(known, countItems(latest)) },
    startedAt: execution.startTime,
    ...(execution.closeTime && { endedAt: execution.closeTime }),
  };
}

function statusOf(name: string, cancelled: boolean): BatchSummary['status'] {
  if (name === 'RUNNING') return 'running';
  if (name === 'COMPLETED') return cancelled ? 'cancelled' : 'completed';
  return name === 'CANCELLED' || name === 'TERMINATED' ? 'cancelled' : 'failed';
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Refusal) || error.type !== 'batch_not_found') throw error;
}
