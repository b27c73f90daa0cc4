/** Histories as files: exports made by Holdfast, and reading them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { CallHistory } from '../../src/services/archive/call-export.ts';
import type { HistorySource } from '../../src/replay/history-source.ts';
import { fromPaths } from '../../src/replay/history-sources.ts';
import { replayHistories } from '../../src/replay/replay-histories.ts';
import type { Summary, Verdict } from '../../src/replay/verdict.ts';

export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function bytesOf(
  format: (calls: AsyncIterable<CallHistory>) => AsyncIterable<string | Uint8Array>,
  calls: readonly CallHistory[],
): Promise<Buffer> {
  return Buffer.concat((await collect(format(each(calls)))).map((piece) => Buffer.from(piece)));
}

/** A standard input that arrives in pieces of a given size. */
export function fromBytes(
  bytes: Buffer,
  pieceBytes = 65_536,
  maxHistoryBytes?: number,
): Promise<HistorySource[]> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  const stdin = Readable.from(pieces);
  return collect(fromPaths(['-'], { stdin, ...(maxHistoryBytes !== undefined && { maxHistoryBytes }) }));
}

/** The verdicts by the history's name. */
export async function replayed(
  sources: AsyncIterable<HistorySource>,
  parallel = 2,
): Promise<{ summary: Summary; verdicts: Map<string, Verdict> }> {
  const verdicts = new Map<string, Verdict>();
  const onVerdict = (verdict: Verdict): void => void verdicts.set(verdict.name, verdict);
  return { summary: await replayHistories(sources, { parallel, onVerdict }), verdicts };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
