/** Fills a disk for a while: that of the database, or that of the payload store. */
import { readdir } from 'node:fs/promises';
import { newCallRequest } from '../load/new-call-request.ts';
import { pause, until } from '../pause.ts';
import { everyFacade, type Fault, type FaultStage } from './fault.ts';

/** Leaves no free byte on the database's disk for some seconds. */
const diskFull: Fault = async ({ product, random }) => {
  const ms = random.whole(2_000, 6_000);
  const disk = product.databaseDisk;
  const what = `full for ${ms} ms: ${disk.quota}`;
  try {
    await disk.fill();
  } catch (error) {
    return { what, at: Date.now(), touched: everyFacade(product), skipped: (error as Error).message };
  }
  await pause(ms);
  const at = Date.now();
  await disk.free();
  // A database that cannot write may exit, so this counts as an end of the servers.
  return { what, at, touched: everyFacade(product), endedServers: true, afterwards: () => disk.recovered() };
};

const largeCalls = 8;
/** Files that were half written when the disk was full must be removed within this time. */
const tidyWithinMs = 10_000;

/**
 * Leaves little or no room in the payload store for large prompts and answers, and meanwhile keeps sending calls that have
 * them.
 */
const storeFull: Fault = async (stage) => {
  const { product, random } = stage;
  const ms = random.whole(2_000, 6_000);
  const leftBytes = random.pick([0, random.whole(1, 64) * 4_096]);
  const what = `payload store with ${leftBytes} bytes left for ${ms} ms`;
  const { store } = product;
  if (!store.ownFileSystem)
    return { what, at: Date.now(), touched: everyFacade(product), skipped: 'no permission to mount a tmpfs' };
  const halfBefore = await halfWritten(store.path);
  await store.fill(undefined, leftBytes);
  const sent = sendLarge(stage, ms);
  await pause(ms);
  await store.free(undefined);
  const settled = Promise.all([sent, tidied(stage, halfBefore, what)]);
  return { what, at: Date.now(), touched: everyFacade(product), settled };
};

/** Waits until the half-written files are removed. Records a violation if they are not removed in time. */
async function tidied({ product, journal }: FaultStage, halfBefore: number, what: string): Promise<void> {
  const more = async (): Promise<number> => (await halfWritten(product.store.path)) - halfBefore;
  if (await until(async () => (await more()) <= 0, tidyWithinMs, 250)) return;
  journal.recordViolation(
    'leaks',
    `${await more()} half-written files are left in the payload store after ${what}`,
  );
}

/** Sends calls for `ms`: some with a large prompt, some with a large answer, some with both. */
async function sendLarge(stage: FaultStage, ms: number): Promise<void> {
  const { api, calls, random, sessions } = stage;
  const send = async (): Promise<void> => {
    await pause(random.whole(0, ms));
    const request = newCallRequest(stage, 'large', {
      agent: random.pick(['wordy', 'echo']),
      session: random.chance(0.5) ? sessions.pick(random) : undefined,
      textLength: random.pick([100, random.whole(20_000, 200_000)]),
    });
    await calls.send(request, { facade: random.pick(api.facades), wait: random.chance(0.5) });
    await calls.retryUntilClear(request, random, 20_000);
  };
  await Promise.all(Array.from({ length: largeCalls }, send));
}

/** Returns the number of unfinished files in the store. While the store is in use, it has some at any moment. */
async function halfWritten(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.tmp')).length;
}

export const disks = { 'disk-full': diskFull, 'store-full': storeFull };
