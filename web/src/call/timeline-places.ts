/** Heights of the drawing, in px; x is in percent so that it grows with the page. */
export const axisHeight = 22;
export const laneHeight = 48;
export const barHeight = 18;
export const laneLabelHeight = 20;

export interface Place {
  /** In percent. */
  readonly x: number;
  readonly width: number;
  readonly y: number;
}

export const laneTop = (lane: number): number => axisHeight + 6 + lane * laneHeight;
/** Under the lane's name. */
export const barTop = (y: number): number => y + 19;
