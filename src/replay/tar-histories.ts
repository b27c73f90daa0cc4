/** Reads histories from a tar archive, in memory. Names in the archive are only shown, never used as paths. */
import { Parser, type ReadEntry } from 'tar';
import type { HistorySource } from './history-source.ts';
import { asError, printable } from './names.ts';
import { parsedBytes, tooLarge } from './text-histories.ts';

/**
 * Yields one source per `.json` file. Links, folders and devices are skipped. If the archive is damaged, the last source has
 * the archive's `name` and the error.
 */
export async function* historiesInTar(
  name: string,
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<HistorySource> {
  const read: HistorySource[] = [];
  let fault: Error | undefined;
  const parser = new Parser({ strict: true });
  parser.on('error', (error: unknown) => (fault ??= asError(error)));
  parser.on('entry', (entry: ReadEntry) => collect(entry, maxBytes, (source) => read.push(source)));
  try {
    for await (const chunk of content) {
      parser.write(Buffer.from(chunk));
      yield* read.splice(0);
      if (fault) break;
    }
    if (!fault) parser.end();
  } catch (error) {
    fault ??= asError(error);
  }
  yield* read.splice(0);
  if (fault) yield { name: printable(name), history: new Error(`The archive is damaged: ${fault.message}`) };
}

/** Whether a file that begins with these bytes is a tar archive: the header of its first entry has `ustar` at byte 257. */
export function isTar(first: Buffer): boolean {
  return first.length >= 512 && first.toString('latin1', 257, 262) === 'ustar';
}

/**
 * Passes one entry's history to `done`. If its declared size is above `maxBytes`, passes an error instead and holds none of it.
 * Entries that are no `.json` files are skipped.
 */
function collect(entry: ReadEntry, maxBytes: number, done: (source: HistorySource) => void): void {
  const isHistory = (entry.type === 'File' || entry.type === 'OldFile') && entry.path.endsWith('.json');
  if (!isHistory) {
    entry.resume();
    return;
  }
  const name = nameOf(entry.path);
  if (entry.size > maxBytes) {
    entry.resume();
    done({ name, history: tooLarge(maxBytes) });
    return;
  }
  const held: Buffer[] = [];
  entry.on('data', (chunk: Buffer) => held.push(chunk));
  entry.on('end', () => {
    const content = Buffer.concat(held);
    // In a truncated archive the last entry ends early; the archive's own error reports that.
    if (content.length === entry.size) done({ name, history: parsedBytes(content) });
  });
}

/** The call's id: an export names its entries `<call id, percent-encoded>.json`. */
function nameOf(path: string): string {
  const base = path.replace(/^.*\//s, '').replace(/\.json$/, '');
  try {
    return printable(decodeURIComponent(base));
  } catch {
    return printable(base);
  }
}
