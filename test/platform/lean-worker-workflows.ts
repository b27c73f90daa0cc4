import { ApplicationFailure } from '@temporalio/workflow';

export async function fails(): Promise<void> {
  await Promise.resolve();
  throw ApplicationFailure.nonRetryable('as it should');
}

/** Counts iterations, because a workflow's clock stands still. */
export async function busyFor(turns: number): Promise<string> {
  await Promise.resolve();
  let sum = 0;
  for (let turn = 0; turn < turns * 1_000_000; turn++) sum += turn % 7;
  return sum > 0 ? 'done' : 'never';
}

export async function loops(): Promise<never> {
  await Promise.resolve();
  for (;;);
}

/** Blocks the thread without using processor time, as a busy machine does. */
export async function blocksFor(ms: number): Promise<string> {
  await Promise.resolve();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return 'done';
}
