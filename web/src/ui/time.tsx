import { when } from '../format.ts';

/** A time in the time zone that was chosen; the tooltip has the exact time in ISO 8601. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at}>
      {when(at)}
    </time>
  );
}
