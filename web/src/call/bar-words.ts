import { duration, words } from '../format.ts';
import type { Bar } from './timeline-model.ts';

/** The CSS class that colours a bar. */
export function barClass({ kind, open, errorType }: Bar): string {
  if (kind !== 'try') return `tl-${kind}`;
  if (open) return 'tl-running';
  return errorType == null ? 'tl-ok' : errorType === 'cancelled' ? 'tl-cancelled' : 'tl-failed';
}

/** The outcome of a try, or the state of a wait, in words. */
export function barResult({ kind, open, errorType, lost }: Bar): string {
  if (open) return kind === 'try' ? 'asking now' : 'waiting now';
  if (kind !== 'try') return 'waited';
  if (errorType == null) return 'answered';
  return lost ? 'lost: its worker stopped' : words(errorType);
}

/** The whole bar in one sentence, for screen readers. */
export function barLabel(bar: Bar): string {
  const took = duration(bar.endMs - bar.startMs);
  const firstByte = bar.firstByteMs == null ? '' : `, first byte after ${duration(bar.firstByteMs)}`;
  return `${bar.title}: ${barResult(bar)}, from ${duration(bar.startMs)}, ${took}${firstByte}`;
}
