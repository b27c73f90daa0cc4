/** Disks that are full for a while: the database's, and that of the texts that are too large for it. */
import { readdir } from 'node:fs/promises';
import { newWish } from '../load/new-wish.ts';
import { facades } from '../load/call-door.ts';
import { pause, until } from '../pause.ts';
import { serverPidOf } from '../product/process-table.ts';
import { bothFacades, type Fault, type FaultStage } from './fault.ts';

/** Not a byte is left for the database; then there is room again. */
const diskFull: Fault = async ({ cluster, random }) => {
  const ms = random.whole(2_000, 6_000);
  const what = `full for ${ms} ms: ${cluster.data.quota}`;
  try {
    await cluster.data.fill(await cluster.serverPid());
  } catch (error) {
    return { what, at: Date.now(), touched: bothFacades, skipped: (error as Error).message };
  }
  await pause(ms);
  // The server may have ended of it, and the node with it.
  await cluster.data.free(await serverPidOf(cluster.database));
  return { what, at: Date.now(), touched: bothFacades };
};

const largeCalls = 8;
/** By then what was half written when the disk was full is gone. */
const tidyWithinMs = 10_000;

/** Little or nothing is left for large prompts and answers, and calls that have some come all the while. */
const storeFull: Fault = async (stage) => {
  const { cluster, random } = stage;
  const ms = random.whole(2_000, 6_000);
  const leftBytes = random.pick([0, random.whole(1, 64) * 4_096]);
  const what = `payload store with ${leftBytes} bytes left for ${ms} ms`;
  const { store } = cluster;
  if (!store.ownFileSystem)
    return { what, at: Date.now(), touched: bothFacades, skipped: 'no right to mount a tmpfs' };
  const halfBefore = await halfWritten(store.path);
  await store.fill(undefined, leftBytes);
  const sent = sendLarge(stage, ms);
  await pause(ms);
  await store.free(undefined);
  const settled = Promise.all([sent, tidied(stage, halfBefore, what)]);
  return { what, at: Date.now(), touched: bothFacades, settled };
};

async function tidied({ cluster, journal }: FaultStage, halfBefore: number, what: string): Promise<void> {
  const more = async (): Promise<number> => (await halfWritten(cluster.store.path)) - halfBefore;
  if (await until(async () => (await more()) <= 0, tidyWithinMs, 250)) return;
  journal.odd('leaks', `${await more()} half written files are left in the payload store after ${what}`);
}

/** Some have a large prompt, some a large answer, some both. */
async function sendLarge(stage: FaultStage, ms: number): Promise<void> {
  const { calls, random, sessions } = stage;
  const send = async (): Promise<void> => {
    await pause(random.whole(0, ms));
    const wish = newWish(stage, 'large', {
      agent: random.pick(['wordy', 'echo']),
      session: random.chance(0.5) ? sessions.pick(random) : undefined,
      textLength: random.pick([100, random.whole(20_000, 200_000)]),
    });
    await calls.send(wish, { facade: random.pick(facades), wait: random.chance(0.5) });
    await calls.pursue(wish, random, 20_000);
  };
  await Promise.all(Array.from({ length: largeCalls }, send));
}

/** Of writes that got no further; there are some at any moment. */
async function halfWritten(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.tmp')).length;
}

export const disks = { 'disk-full': diskFull, 'store-full': storeFull };
