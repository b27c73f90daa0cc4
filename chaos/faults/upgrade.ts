/** Replaces all workers by those of another version under load, in the steps of docs/deployment.md. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/platform/paths.ts';
import { until } from '../pause.ts';
import type { ClusterProduct } from '../product/cluster-product.ts';
import { namesOf, type Fault } from './fault.ts';

const command = join(packageRoot, 'dist', 'src', 'node', 'promote.js');
/**
 * How long to wait until the workers are ready, and again until the promotion succeeds, because the Temporal server may still
 * be recovering from the previous fault.
 */
const promotedWithinMs = 60_000;
/**
 * How long the old version may take to drain: longer than a call's deadline and the minute after which Temporal's own timeout
 * ends the call.
 */
const drainedWithinMs = 120_000;
const checkEveryMs = 2_000;

const rollingUpgrade: Fault<ClusterProduct> = async ({ journal, product }) => {
  await until(() => product.workers.every(({ process }) => process.ready), promotedWithinMs);
  const old = product.workers;
  const buildId = await product.startWorkers();
  const done = await until(
    async () => (await promote(product, buildId)) !== undefined,
    promotedWithinMs,
    500,
  );
  if (!done)
    journal.recordViolation('leaks', `${buildId} was not promoted within ${promotedWithinMs / 1_000} s`);
  return {
    what: `workers of ${buildId} beside ${namesOf(old).join(' and ')}`,
    at: Date.now(),
    touched: namesOf(product.facades),
    async afterwards() {
      if (!(await until(() => isDrained(product, buildId), drainedWithinMs, checkEveryMs)))
        journal.recordViolation(
          'leaks',
          `versions before ${buildId} still have running calls: ${String(await promote(product))}`,
        );
      for (const worker of old) await product.retire(worker);
    },
  };
};

/** Whether no other version has running calls, according to the table that `npm run promote` prints. */
async function isDrained(product: ClusterProduct, buildId: string): Promise<boolean> {
  const table = await promote(product);
  const rows = [...(table ?? '').matchAll(/│ (\S+) +│ (?:yes|no) +│ (\d+) +│/g)];
  return rows.length > 1 && rows.every(([, version, calls]) => version === buildId || calls === '0');
}

/** Runs `npm run promote` and returns its output, or undefined if it fails. */
async function promote(product: ClusterProduct, ...words: string[]): Promise<string | undefined> {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, TEMPORAL_ADDRESS: product.temporalAddress };
  return promisify(execFile)(process.execPath, [command, ...words], { env }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

export const upgrades = { 'rolling-upgrade': rollingUpgrade };
