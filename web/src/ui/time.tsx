import { when } from '../format.ts';

/** Local, with the exact moment as its tooltip. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at}>
      {when(at)}
    </time>
  );
}
