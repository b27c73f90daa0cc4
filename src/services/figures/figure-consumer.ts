/** Makes figures of the endings in the feed. */
import type { Ending } from '../../domain/ending.ts';
import type { Segment } from '../endings/ending-log.ts';
import type { EndingConsumer } from '../endings/ending-reader.ts';
import type { LogEnd } from '../endings/feed-state.ts';
import type { FigureFiles } from './figure-files.ts';
import { FigureWriter } from './figure-writer.ts';

export class FigureConsumer implements EndingConsumer {
  private readonly files: FigureFiles;
  private writer: FigureWriter;

  constructor(files: FigureFiles) {
    this.files = files;
    this.writer = new FigureWriter(files);
  }

  /** Counts anew what may not be written yet: whole minutes. */
  async resume({ segments, usedUntil, until }: LogEnd): Promise<void> {
    this.writer = new FigureWriter(this.files);
    const endings = segments.flatMap((segment) => segment.endings);
    for (const ending of newestRuns(endings)) if (ending.endedAt >= usedUntil) this.writer.add(ending);
    if (until !== undefined) await this.writer.closeUntil(until);
  }

  async take({ endings, until }: Segment): Promise<void> {
    for (const ending of endings) this.writer.add(ending);
    await this.writer.closeUntil(until);
  }

  async replace(earlier: readonly Ending[], by: Ending): Promise<void> {
    for (const one of earlier) await this.writer.replace(one, by);
  }

  pass(until: number): Promise<void> {
    return this.writer.closeUntil(until);
  }
}

/** Leaves out the endings of runs that a later one replaces, because somebody has reset the call. */
function newestRuns(endings: readonly Ending[]): Ending[] {
  const newest = new Map<string, Ending>();
  for (const ending of endings) {
    const known = newest.get(ending.callId);
    if (!known || known.endedAt <= ending.endedAt) newest.set(ending.callId, ending);
  }
  return [...newest.values()];
}
