/** Maps ms to positions on the axis. */
export interface Scale {
  /** The position in percent of the width. */
  readonly x: (ms: number) => number;
  /** The marks of the axis, in ms. */
  readonly ticks: readonly number[];
}

const wantedTicks = 5;

/** A scale from 0 to a little beyond `endMs`. The steps between ticks are 1, 2 or 5 times a power of ten. */
export function scaleTo(endMs: number): Scale {
  const room = endMs * 1.03;
  const rough = room / wantedTicks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power);
  const ticks = Array.from({ length: Math.floor(room / step) + 1 }, (_, index) => index * step);
  return { x: (ms) => (100 * ms) / room, ticks };
}
