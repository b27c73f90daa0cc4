/** Histories in a tar: read from the stream, in memory; a name in it is a name to show and nothing else. */
import { Parser, type ReadEntry } from 'tar';
import type { HistorySource } from './history-source.ts';
import { asError, printable } from './names.ts';
import { parsedBytes, tooLarge } from './text-histories.ts';

/** The archive's `name` is told with what is wrong with all of it. Links, folders and devices are passed over. */
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

/** `ustar`, where the header of a tar's first entry says so. */
export function isTar(first: Buffer): boolean {
  return first.length >= 512 && first.toString('latin1', 257, 262) === 'ustar';
}

/** The parser hands an entry on while it is written to: no more than `maxBytes` are ever held. */
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
    // Where the archive is cut short an entry ends too; the archive's own fault is told then.
    if (content.length === entry.size) done({ name, history: parsedBytes(content) });
  });
}

/** The call's id, as an export names its entries. */
function nameOf(path: string): string {
  const base = path.replace(/^.*\//s, '').replace(/\.json$/, '');
  try {
    return printable(decodeURIComponent(base));
  } catch {
    return printable(base);
  }
}
