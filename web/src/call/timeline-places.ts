/** The layout of the drawing: heights in px, widths in percent so that they follow the page. */
export const axisHeight = 22;
export const laneHeight = 48;
export const barHeight = 18;
export const laneLabelHeight = 20;

/** Where a bar is. `x` and `width` are in percent, `y` (the top of its lane) in px. */
export interface Place {
  readonly x: number;
  readonly width: number;
  readonly y: number;
}

export const laneTop = (lane: number): number => axisHeight + 6 + lane * laneHeight;
/** The top of a lane's bars, below its name. */
export const barTop = (y: number): number => y + 19;
