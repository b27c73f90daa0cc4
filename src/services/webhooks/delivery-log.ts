/** Looks into the log of a webhook's deliveries. It may be long, so one look reads only a part of it. */
import type { DeliveryOutcome } from '../../domain/webhook.ts';
import type { DeliveryEntry, DeliveryFiles, LogPart } from './delivery-files.ts';

export interface DeliveryWish {
  readonly outcome?: DeliveryOutcome | undefined;
  /** Epoch ms, exclusive. */
  readonly before: number;
  readonly limit: number;
}

export interface DeliveryPage {
  /** The newest first. There may be none although there are older ones. */
  readonly entries: readonly DeliveryEntry[];
  /** The `before` of the next page. Undefined after the last one. */
  readonly nextBefore?: number;
}

/** Where to look. `since` (epoch ms) is the oldest try that counts; `signal` ends it, and its reason is thrown. */
interface Look {
  readonly files: DeliveryFiles;
  readonly id: string;
  readonly since: number;
  readonly signal: AbortSignal;
}

/** How many files, and hours, are read for one page, and to find one event. */
export const maxReadOfPage = 2_000;
const maxReadOfEvent = 20_000;

/** Throws `PayloadStoreError`. */
export async function readDeliveries(
  look: Look,
  { outcome, before, limit }: DeliveryWish,
): Promise<DeliveryPage> {
  const entries: DeliveryEntry[] = [];
  for await (const part of partsOf(look, before, maxReadOfPage)) {
    if ('endedAt' in part) return { entries, nextBefore: part.endedAt };
    for (const entry of part.entries) {
      if (outcome !== undefined && entry.outcome !== outcome) continue;
      // Those of one millisecond belong to one page: the next one begins before it.
      const last = entries.at(-1);
      if (last && entries.length >= limit && entry.at !== last.at) return { entries, nextBefore: last.at };
      entries.push(entry);
    }
  }
  return { entries };
}

/**
 * Returns a try of the event before `before` (epoch ms), or undefined if the log has none, or the time back to which it has none:
 * then it may have an earlier one. Throws `PayloadStoreError`.
 */
export async function findTry(
  look: Look,
  eventId: string,
  before: number,
): Promise<DeliveryEntry | number | undefined> {
  for await (const part of partsOf(look, before, maxReadOfEvent)) {
    if ('endedAt' in part) return part.endedAt;
    const found = part.entries.find((entry) => entry.eventId === eventId);
    if (found) return found;
  }
  return undefined;
}

/** Yields the log from `before` on back, and where it has ended early, once it has read so many files. */
async function* partsOf(
  { files, id, since, signal }: Look,
  before: number,
  most: number,
): AsyncGenerator<LogPart | { readonly endedAt: number }> {
  let read = 0;
  let reachedMs = before;
  for await (const part of files.log(id, before, since)) {
    signal.throwIfAborted();
    // Those of one millisecond belong together.
    if (read >= most && reachedMs < before && part.entries[0]?.at !== reachedMs) {
      yield { endedAt: reachedMs };
      return;
    }
    yield part;
    read += 1;
    reachedMs = Math.min(reachedMs, part.reachedMs);
  }
}
