/** From ms to a place on the axis. */
export interface Scale {
  /** In percent of the width. */
  readonly x: (ms: number) => number;
  readonly ticks: readonly number[];
}

const wantedTicks = 5;

/** Round steps: 1, 2 or 5 of a power of ten. A little room is left at the end, for what is drawn there. */
export function scaleTo(endMs: number): Scale {
  const room = endMs * 1.03;
  const rough = room / wantedTicks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power);
  const ticks = Array.from({ length: Math.floor(room / step) + 1 }, (_, index) => index * step);
  return { x: (ms) => (100 * ms) / room, ticks };
}
