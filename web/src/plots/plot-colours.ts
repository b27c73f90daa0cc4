/** The colours of the current theme, as the canvas takes them. */
import type { Mark } from './plot-spec.ts';

/** Returns the colour that a CSS variable stands for in this element: a canvas knows neither variables nor `light-dark()`. */
export function colourOf(element: HTMLElement, variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const tilePx = 6;

/** Returns what fills a bar: the colour, or a pattern of it on the ground, which hides what is behind. */
export function fillOf(mark: Mark, colour: string, ground: string): string | CanvasPattern {
  if (mark === 'solid') return colour;
  const scale = devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(tilePx * scale);
  const context = tile.getContext('2d');
  if (!context) return colour;
  context.scale(tile.width / tilePx, tile.height / tilePx);
  context.fillStyle = ground;
  context.fillRect(0, 0, tilePx, tilePx);
  context.fillStyle = context.strokeStyle = colour;
  if (mark === 'dotted') for (const at of [0, tilePx / 2]) context.fillRect(at, at, tilePx / 2, tilePx / 2);
  else {
    context.lineWidth = 2;
    context.beginPath();
    for (const shift of [-tilePx, 0, tilePx]) {
      context.moveTo(shift, tilePx);
      context.lineTo(shift + tilePx, 0);
    }
    context.stroke();
  }
  return context.createPattern(tile, 'repeat') ?? colour;
}

const dashes: Readonly<Record<Mark, number[]>> = { solid: [], dashed: [7, 4], dotted: [2, 3] };

/** Returns the dashes of a line, in px. */
export const dashOf = (mark: Mark): number[] => dashes[mark];
