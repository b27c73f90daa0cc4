/** Counts endings by the minute in which they ended, and writes each minute once it is over. */
import type { Ending } from '../../domain/ending.ts';
import { startOf, startsBetween, stepMs } from '../../domain/figures-step.ts';
import type { FigureFiles } from './figure-files.ts';
import { foldHour } from './fold-hour.ts';
import { OpenMinute, withoutEnding } from './open-minute.ts';

/**
 * Writes figures. There is one writer in the cluster at a time, the reader of the endings. What it has in memory may be lost: the
 * next one gets every ending of each minute that may not be written, and writes the same files. A minute that is written again
 * replaces itself, so whoever adds an ending of a written minute adds all of that minute.
 */
export class FigureWriter {
  private readonly files: FigureFiles;
  private readonly open = new Map<number, OpenMinute>();
  /** Undefined until it is read, or if nothing was ever closed. */
  private closedUntil: number | undefined;

  constructor(files: FigureFiles) {
    this.files = files;
  }

  /** Counts an ending. The same run counts once. */
  add(ending: Ending): void {
    this.openMinute(ending.endedAt).add(ending);
  }

  /**
   * Counts `by`, which ended a call that was reset, and takes the ending of the earlier run out of its minute: once, however often
   * this is repeated. Throws `PayloadStoreError`; it can be repeated then.
   */
  async replace(earlier: Ending, by: Ending): Promise<void> {
    this.add(by);
    const at = startOf('minute', earlier.endedAt);
    const isWritten = at < ((await this.readClosedUntil()) ?? 0);
    if (!isWritten || this.open.has(at)) this.openMinute(at).remove(earlier);
    else await this.takeOut(at, earlier);
  }

  /**
   * Writes each minute that was over at `ms` (epoch ms), whole, and folds each hour that was. Resolves when everything is durable.
   * Throws `PayloadStoreError`; it can be repeated then, and goes on where it was.
   */
  async closeUntil(ms: number): Promise<void> {
    const until = startOf('minute', ms);
    const closing = [...this.open.values()].filter(({ at }) => at < until);
    const before = await this.readClosedUntil();
    const hasNews = before === undefined || until > before;
    if (closing.length === 0 && !hasNews) return;
    for (const minute of closing) {
      const written = await this.files.minute(minute.at);
      await this.files.writeMinute(minute.stored(written));
    }
    const closed = closing.map(({ at }) => at);
    for (const hour of await this.hoursToFold(closed, before, until)) await foldHour(this.files, hour);
    if (hasNews) {
      // A later writer may have begun meanwhile.
      const now = (await this.files.closedUntil()) ?? 0;
      if (until > now) await this.files.writeClosedUntil(until);
      this.closedUntil = Math.max(until, now);
    }
    for (const at of closed) this.open.delete(at);
  }

  private openMinute(ms: number): OpenMinute {
    const at = startOf('minute', ms);
    let minute = this.open.get(at);
    if (!minute) this.open.set(at, (minute = new OpenMinute(at)));
    return minute;
  }

  private async readClosedUntil(): Promise<number | undefined> {
    this.closedUntil ??= await this.files.closedUntil();
    return this.closedUntil;
  }

  /** Returns the hours that are over and have new minutes: those written now, and those of a writer that was killed. */
  private async hoursToFold(closed: readonly number[], before: number | undefined, until: number) {
    const hours = new Set(closed.map((at) => startOf('hour', at)));
    const since = before ?? Math.min(until, ...closed);
    if (startOf('hour', since) < startOf('hour', until))
      for (const day of startsBetween('day', since, until))
        for (const hour of await this.files.unfoldedHours(day)) hours.add(hour);
    const over = Math.max(before ?? 0, until);
    return [...hours].filter((hour) => hour + stepMs.hour <= over).sort((a, b) => a - b);
  }

  private async takeOut(at: number, earlier: Ending): Promise<void> {
    const written = await this.files.minute(at);
    if (!written) return; // Its figures are no longer kept.
    const without = withoutEnding(written, earlier);
    if (without !== written) await this.files.writeMinute(without);
    const hour = startOf('hour', at);
    // Also if it was taken out before: whoever did it may have been killed before the fold.
    if (hour + stepMs.hour <= (this.closedUntil ?? 0)) await foldHour(this.files, hour);
  }
}
