import type { Config } from '../platform/config.ts';
import { DiskWatch } from '../platform/embedded/disk-watch.ts';
import type { Log } from '../platform/logging.ts';
import type { Cleanups } from '../platform/shutdown.ts';

/**
 * Watches the disk of a payload store that is a folder, because without space no large text can be stored. Does so also if
 * Temporal runs elsewhere. A folder that cannot be reached does not count as a full disk; other code refuses requests for it.
 * Undefined for a bucket.
 */
export async function watchStoreDisk(
  { payloads, temporal }: Config,
  log: Log,
  cleanups: Cleanups,
): Promise<DiskWatch | undefined> {
  const { store } = payloads;
  if (store.kind !== 'folder') return undefined;
  const disk = new DiskWatch(store.path, temporal.reserveBytes, log, 'payload store');
  await disk.look().catch(() => undefined);
  cleanups.add('watch of the disk of the payload store', disk.start());
  return disk;
}
