/** Resident memory that a process holds: read once it is quiet and has collected its garbage. */
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { rssMiB } from '../../soak/samples.ts';
import { packageRoot } from '../../src/platform/paths.ts';
import { cpuMs } from '../meters.ts';

/** Flags of a process whose memory is measured. */
export const collectsGarbage = [
  '--expose-gc',
  '--require',
  join(packageRoot, 'bench/memory/collect-garbage.cjs'),
];

const lookMs = 1_000;
const looksAtMost = 60;
const readings = 5;

/** In kB: the median of a few readings. */
export async function heldKb({ pid }: { readonly pid: number }, quietCpuShare = 0.1): Promise<number> {
  await untilQuiet(pid, quietCpuShare);
  const values: number[] = [];
  for (let reading = 0; reading < readings; reading++) {
    process.kill(pid, 'SIGUSR2');
    await pass(lookMs);
    values.push((await rssMiB(pid)) * 1_024);
  }
  return values.sort((a, b) => a - b)[Math.floor(readings / 2)] ?? Number.NaN;
}

/** What follows on the last answer is done when the process takes little CPU for two looks. */
async function untilQuiet(pid: number, share: number): Promise<void> {
  let quiet = 0;
  for (let look = 0; look < looksAtMost && quiet < 2; look++) {
    const before = (await cpuMs(pid)) ?? 0;
    await pass(lookMs);
    quiet = ((await cpuMs(pid)) ?? 0) - before < share * lookMs ? quiet + 1 : 0;
  }
}
