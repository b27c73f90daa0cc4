/** Measures the resident memory of a process once it is idle and has collected its garbage. */
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { rssMiB } from '../../soak/samples.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { cpuMs } from '../meters.ts';

/** Node flags for a process whose memory is measured. They let it collect its garbage on demand. */
export const collectsGarbage = [
  '--expose-gc',
  '--require',
  join(packageRoot, 'bench/memory/collect-garbage.cjs'),
];

const intervalMs = 1_000;
const maxIntervals = 60;
const readings = 5;

/** Resident memory in kB: the median of a few readings. */
export async function heldKb({ pid }: { readonly pid: number }, quietCpuShare = 0.1): Promise<number> {
  await untilQuiet(pid, quietCpuShare);
  const values: number[] = [];
  for (let reading = 0; reading < readings; reading++) {
    process.kill(pid, 'SIGUSR2');
    await pass(intervalMs);
    values.push((await rssMiB(pid)) * 1_024);
  }
  return values.sort((a, b) => a - b)[Math.floor(readings / 2)] ?? Number.NaN;
}

/**
 * Waits until the process has used less than `share` of a core in two consecutive seconds, which means that it has finished the
 * work that follows its last answer.
 */
async function untilQuiet(pid: number, share: number): Promise<void> {
  let quiet = 0;
  for (let look = 0; look < maxIntervals && quiet < 2; look++) {
    const before = (await cpuMs(pid)) ?? 0;
    await pass(intervalMs);
    quiet = ((await cpuMs(pid)) ?? 0) - before < share * intervalMs ? quiet + 1 : 0;
  }
}
