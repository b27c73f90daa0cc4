import type { Message } from '../../../src/contract/sessions.ts';

/** Consecutive messages of a session. */
export interface Run {
  /** How many messages of the session are before them. */
  readonly first: number;
  /** Oldest first. */
  readonly messages: readonly Message[];
}

/**
 * Joins two runs of one session; where they overlap, `added` counts, which is newer. If there is a gap between them, only `added`
 * is left: what is before it can be loaded again.
 */
export function joined(before: Run, added: Run): Run {
  const [endBefore, endAdded] = [endOf(before), endOf(added)];
  if (added.first > endBefore || before.first > endAdded) return added;
  return {
    first: Math.min(before.first, added.first),
    messages: [
      ...before.messages.slice(0, Math.max(0, added.first - before.first)),
      ...added.messages,
      ...before.messages.slice(Math.max(0, endAdded - before.first)),
    ],
  };
}

const endOf = ({ first, messages }: Run): number => first + messages.length;
