/** Latencies as an SVG: a bar for the median, a whisker to p95, on a logarithmic axis, in the reader's colours. */
import type { Results } from './results.ts';

const [left, right, top, line, width] = [230, 70, 30, 26, 860] as const;

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .grid { stroke: #d1d9e0 } .bar { fill: #0969da } .floor { fill: #8250df }
.whisker { stroke: #59636e; stroke-width: 1.5 } .back { fill: #ffffff }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .grid { stroke: #3d444d } .bar { fill: #4493f8 } .floor { fill: #ab7df8 }
.whisker { stroke: #9198a1 } .back { fill: #0d1117 } }
</style>`;

export function plotOf({ rows }: Results, title: string): string {
  const shown = rows.flatMap(({ name, byConcurrency }) => {
    const figures = byConcurrency['1'];
    return figures ? [{ name, ...figures }] : [];
  });
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...shown.map(({ p95 }) => p95))));
  const lowest = 10 ** Math.floor(Math.log10(Math.max(0.01, Math.min(...shown.map(({ p50 }) => p50)))));
  const x = (ms: number): number =>
    left +
    ((width - left - right) * Math.log10(Math.max(ms, lowest) / lowest)) / Math.log10(highest / lowest);
  const height = top + shown.length * line + 30;
  const decades = Array.from(
    { length: Math.round(Math.log10(highest / lowest)) + 1 },
    (_, index) => lowest * 10 ** index,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    style,
    `<rect class="back" width="${width}" height="${height}"/>`,
    `<text x="${left}" y="18">${title}</text>`,
    ...decades.map((ms) => gridLine(x(ms), height, ms)),
    ...shown.map((row, index) => bar(row, top + index * line, x)),
    '</svg>\n',
  ].join('\n');
}

function gridLine(x: number, height: number, ms: number): string {
  return `<line class="grid" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${top}" y2="${height - 24}"/><text x="${x.toFixed(1)}" y="${height - 8}" text-anchor="middle">${Number(ms.toPrecision(1))} ms</text>`;
}

function bar(
  { name, p50, p95 }: { name: string; p50: number; p95: number },
  y: number,
  x: (ms: number) => number,
): string {
  const middle = y + line / 2;
  const [from, median, most] = [x(0), x(p50), x(p95)].map((at) => at.toFixed(1));
  const kind = name.startsWith('floor') ? 'floor' : 'bar';
  return `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${name}</text>
<rect class="${kind}" x="${from}" y="${y + 5}" width="${(x(p50) - x(0)).toFixed(1)}" height="${line - 10}"/>
<line class="whisker" x1="${median}" x2="${most}" y1="${middle}" y2="${middle}"/><line class="whisker" x1="${most}" x2="${most}" y1="${y + 8}" y2="${y + line - 8}"/>
<text x="${(x(p95) + 6).toFixed(1)}" y="${middle + 4}">${p50.toFixed(p50 < 10 ? 1 : 0)}</text>`;
}
