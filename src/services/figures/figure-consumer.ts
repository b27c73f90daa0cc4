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

  /**
   * Counts anew what may not be written yet: whole minutes. If endings are missing, a minute that is written stays as it is.
   */
  async resume({ segments, usedUntil, until, isDamaged }: LogEnd): Promise<void> {
    this.writer = new FigureWriter(this.files);
    const written = isDamaged ? ((await this.files.closedUntil()) ?? 0) : 0;
    const endings = segments.flatMap((segment) => segment.endings);
    for (const ending of newestRuns(endings))
      if (ending.endedAt >= Math.max(usedUntil, written)) this.writer.add(ending);
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
  const resets = endings.filter(({ resetFrom }) => resetFrom !== undefined);
  return endings.filter(
    ({ callId, endedAt }) => !resets.some((by) => by.callId === callId && by.endedAt > endedAt),
  );
}
