/** Bounds what one page or one count costs, so that no request reads without end. */
import { asksForContent, type CallSearch } from './call-search.ts';

/**
 * For one page or one count the content of so many calls is read at most, so many calls are read that are deleted or do not match,
 * and it takes so long, in ms. A page is then shorter than its limit.
 */
const maxLooks = 1_000;
const maxInVain = 1_000;
const answersForMs = 4_000;

/** Bounds what is read for one answer: contents, and calls that turn out to be deleted or not to match. */
export class Effort {
  private readonly asksForContent: boolean;
  private readonly endAt = performance.now() + answersForMs;
  private contents = 0;
  private vain = 0;

  constructor(search: CallSearch) {
    this.asksForContent = asksForContent(search);
  }

  /** Of how many calls the content was read. Undefined if content is not asked for. */
  get looks(): number | undefined {
    return this.asksForContent ? this.contents : undefined;
  }

  get isOver(): boolean {
    return this.contents >= maxLooks || this.vain >= maxInVain || performance.now() > this.endAt;
  }

  read(contents: number): void {
    this.contents += contents;
  }

  inVain(calls: number): void {
    this.vain += calls;
  }
}
