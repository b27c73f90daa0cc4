/** The difference of two texts, by words, or by lines if they are too long for that. Loaded only when two texts are compared. */
import { diffLines, diffWords, type ChangeObject } from 'diff';

/** A piece of the compared texts. `in`: which of the two has it. */
export interface Piece {
  readonly text: string;
  readonly in: 'both' | 'old' | 'new';
}

/** Texts of more characters together are compared by lines. */
const mostByWords = 60_000;
/** Longer ones, or such that take longer than this, are not compared. */
const mostByLines = 2_000_000;
const timeoutMs = 1_000;

/** Compares two texts. Undefined if they are too long or too different. */
export function textDiff(before: string, after: string): readonly Piece[] | undefined {
  const length = before.length + after.length;
  const byWords = length <= mostByWords ? diffWords(before, after, { timeout: timeoutMs }) : undefined;
  const changes =
    byWords ?? (length <= mostByLines ? diffLines(before, after, { timeout: timeoutMs }) : undefined);
  return changes?.map((one) => ({ text: one.value, in: sideOf(one) }));
}

const sideOf = ({ added, removed }: ChangeObject<string>): Piece['in'] =>
  added ? 'new' : removed ? 'old' : 'both';
