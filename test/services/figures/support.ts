import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Ending } from '../../../src/domain/ending.ts';
import { createFileStore } from '../../../src/payloads/file-store.ts';
import { PayloadStoreError, type PayloadStore } from '../../../src/payloads/payload-store.ts';
import { FigureFiles } from '../../../src/services/figures/figure-files.ts';
import { FigureWriter } from '../../../src/services/figures/figure-writer.ts';
import { Figures, type FiguresWish } from '../../../src/services/figures/figures.ts';
import { ending } from '../../domain/ending-support.ts';

/** Epoch ms of a time of the day of these tests. */
export const at = (time: string): number => Date.parse(`2026-11-30T${time}Z`);

/** An ending at this time. */
export const endedAt = (time: string, more: Partial<Ending> = {}): Ending =>
  ending({ ...more, endedAt: at(time) });

/** A store in a folder that goes with the test. */
export async function newStore(): Promise<{ store: PayloadStore; path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-figures-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return { store: createFileStore(path), path };
}

/**
 * A store that fails from its change number `fails` on, as if its process were killed there, until it is repaired. The first
 * change is 1.
 */
export function failingAt(fails: number, store: PayloadStore): PayloadStore & { repair(): void } {
  let left = fails - 1;
  const change = async (make: () => Promise<void>): Promise<void> => {
    if (left-- <= 0) throw new PayloadStoreError('the disk is gone');
    await make();
  };
  return {
    ...store,
    write: (key, bytes) => change(() => store.write(key, bytes)),
    deleteAll: (folder) => change(() => store.deleteAll(folder)),
    repair: () => (left = Infinity),
  };
}

export const writerOf = (store: PayloadStore): FigureWriter => new FigureWriter(new FigureFiles(store));

export const read = (store: PayloadStore, wish: Partial<FiguresWish> = {}) =>
  new Figures(new FigureFiles(store)).between({
    from: at('08:00:00'),
    to: at('11:00:00'),
    step: 'minute',
    project: '*',
    agentsByInterval: true,
    ...wish,
  });

/** How many calls each interval has, by its time: `{ '08:05': 2 }`. Those without calls are left out. */
export async function callsIn(
  store: PayloadStore,
  wish: Partial<FiguresWish> = {},
): Promise<Record<string, number>> {
  const { intervals } = await read(store, wish);
  return Object.fromEntries(
    intervals
      .map(
        ({ from, figures }) => [new Date(from).toISOString().slice(11, 16), figures.duration.count] as const,
      )
      .filter(([, calls]) => calls > 0),
  );
}

/** The bytes of all files of figures, by key. */
export async function filesOf(store: PayloadStore, path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const { key } of store.list('figures/'))
    files[key] = (await readFile(join(path, key))).toString('hex');
  return Object.fromEntries(Object.entries(files).sort());
}
