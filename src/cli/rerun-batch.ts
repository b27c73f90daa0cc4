/** Batches of reruns. A batch runs as a workflow on the node; these functions start, watch, cancel and list batches. */
import { randomUUID } from 'node:crypto';
import type { RerunBatchRequest, RerunOverrides } from '../contract/rerun-requests.ts';
import type {
  Batch,
  BatchAccepted,
  BatchCancelled,
  BatchDescription,
  BatchDryRun,
  BatchList,
} from '../contract/reruns.ts';
import type { Context } from './command.ts';
import { confirm } from './confirm.ts';
import type { ExitName } from './exit-codes.ts';
import { followEvents } from './follow-events.ts';
import { untilInterrupted } from './interrupt.ts';
import { note, type Output } from './output.ts';
import { startProgress } from './progress.ts';

/** The options of `rerun` that apply only to a batch. `rate` is in calls per second. */
export interface BatchOptions {
  readonly dryRun?: true;
  readonly rate?: number;
  readonly maxInFlight?: number;
  readonly yes?: true;
  readonly detach?: true;
}

type Filter = Readonly<Record<string, string>>;

/**
 * Starts a batch of the calls that match `filter` and watches it to its end, or only prints its id with --detach. Without
 * --yes it shows a dry run and asks first.
 */
export async function startBatch(
  context: Context,
  filter: Filter,
  overrides: RerunOverrides,
  options: BatchOptions,
): Promise<ExitName | undefined> {
  const { client, out } = context;
  const body = {
    filter,
    ...(Object.keys(overrides).length > 0 && { overrides }),
    rate_per_second: options.rate,
    max_in_flight: options.maxInFlight,
  } satisfies Omit<RerunBatchRequest, 'filter'> & { filter: Filter };
  const post = <T>(dry_run: boolean) =>
    client.request<T>('POST', '/reruns', {
      body: { ...body, dry_run },
      // A dry run reads each call, which takes a while for thousands of calls.
      ...(dry_run ? { timeoutMs: 'none' } : { headers: { 'Idempotency-Key': randomUUID() } }),
    });
  if (options.dryRun || !options.yes) {
    const { body: dryRun } = await post<BatchDryRun>(true);
    if (out.json && options.dryRun) out.document(dryRun);
    else if (!out.json) showDryRun(out, dryRun);
    if (options.dryRun || dryRun.total === 0) return undefined;
    await confirm(`Rerun ${dryRun.total} calls?`, options.yes);
  }
  const { batch_id } = (await post<BatchAccepted>(false)).body;
  if (!options.detach) return followBatch(context, batch_id);
  if (out.json) out.document({ batch_id });
  else out.line(batch_id);
  return undefined;
}

/** Watches a batch to its end and prints its report. Returns `ok` only if it completed and no rerun failed. */
export async function followBatch(context: Context, batchId: string): Promise<ExitName> {
  const { client, out } = context;
  const path = `/reruns/${encodeURIComponent(batchId)}`;
  const progress = startProgress('rerunning');
  if (!out.json) note(`Batch ${batchId}`);
  try {
    await untilInterrupted(
      async (signal) => {
        for await (const { data } of followEvents(client, `${path}/events`, signal)) {
          const { done, total } = data as Batch;
          progress.update(done, total);
        }
      },
      () => `The batch continues: holdfast rerun --attach ${batchId}, or holdfast rerun --cancel ${batchId}`,
    );
  } finally {
    progress.stop();
  }
  const report = await client.get<BatchDescription>(path);
  if (out.json) out.document(report);
  else showReport(out, report);
  return report.status === 'completed' && report.failed_again === 0 ? 'ok' : 'failed';
}

/** Cancels a batch. Its reruns that have started continue. */
export async function cancelBatch({ client, out }: Context, batchId: string): Promise<undefined> {
  const path = `/reruns/${encodeURIComponent(batchId)}/cancel`;
  const { body } = await client.request<BatchCancelled>('POST', path);
  if (out.json) out.document(body);
  else out.text(`${body.batch_id}: ${body.status}; reruns that have started continue`);
}

/** Prints the newest batches of the node. */
export async function listBatches({ client, out }: Context): Promise<undefined> {
  const page = await client.get<BatchList>('/reruns');
  if (out.json) {
    out.document(page);
    return;
  }
  out.table(
    ['batch', 'status', 'done', 'total', 'succeeded', 'failed', 'skipped', 'started'],
    page.batches.map((one) => [
      one.batch_id,
      one.status,
      one.done,
      one.total,
      one.now_succeeded,
      one.failed_again,
      one.skipped,
      one.started_at,
    ]),
    { status: out.state },
  );
}

function showDryRun(out: Output, { total, skipped, sample }: BatchDryRun): void {
  const others = skipped === 0 ? '' : `, ${skipped} would be skipped`;
  const which = sample.length < total ? `; the first ${sample.length}:` : ':';
  out.line(`${total} calls would be rerun${others}${which}`);
  if (sample.length === 0) return;
  out.table(
    ['call', 'status', 'asked', 'error', 'session', 'started'],
    sample.map((one) => [one.call_id, one.status, one.asked, one.error_type, one.session_id, one.started_at]),
    { status: out.state },
  );
}

function showReport(out: Output, batch: BatchDescription): void {
  const notSucceeded = batch.items.filter(({ outcome }) => outcome !== 'succeeded');
  if (notSucceeded.length > 0)
    out.table(
      ['call', 'rerun', 'outcome', 'error', 'reason'],
      notSucceeded.map((one) => [one.call_id, one.rerun_id, one.outcome, one.error_type, one.reason]),
      { outcome: out.state },
    );
  const { status, total, now_succeeded, failed_again, skipped } = batch;
  out.line(
    `${out.state(status)}: of ${total} calls ${now_succeeded} succeeded, ${failed_again} failed again, ${skipped} were skipped`,
  );
}
