/** Draws medians as bars, each with a whisker to its p95, as an SVG for the docs that follows the reader's colour scheme. */
import type { Report } from './report.ts';
import { short } from './tables.ts';

const labelWidth = 310;
const barsWidth = 460;
const width = labelWidth + barsWidth + 70;
const rowHeight = 26;
const barHeight = 14;
const top = 34;
const ticks = 4;

/**
 * Matches the names of the rows that are drawn. Reads that take a millisecond would be invisible beside calls, and for rows
 * with the slow agent only the ratio matters. A turn of a queue is no whole call.
 */
const drawn = /^(floor|local|stock|call|session|failed)(?!.*(read|list|queue))/;

export function plot({ rows, plan }: Pick<Report, 'rows' | 'plan'>): string {
  const shown = rows.filter(({ name, sequential }) => sequential.count > 0 && drawn.test(name));
  const most = niceCeiling(Math.max(1, ...shown.map(({ sequential }) => sequential.p95)));
  const x = (ms: number): number => labelWidth + (ms / most) * barsWidth;
  const height = top + shown.length * rowHeight + 12;
  const grid = Array.from({ length: ticks + 1 }, (_, index) => {
    const ms = (most * index) / ticks;
    return `<path class="grid" d="M${fixed(x(ms))} ${top - 6}V${height - 10}"/><text class="tick" x="${fixed(x(ms))}" y="${top - 12}">${short(ms)} ms</text>`;
  });
  const bars = shown.map(({ name, title, sequential: { p50, p95 } }, index) => {
    const y = top + index * rowHeight;
    const middle = y + barHeight / 2;
    return [
      `<text class="label" x="${labelWidth - 10}" y="${middle + 4}">${escape(title)}</text>`,
      `<rect class="${classOf(name)}" x="${labelWidth}" y="${y}" width="${fixed(x(p50) - labelWidth)}" height="${barHeight}" rx="2"/>`,
      `<path class="whisker" d="M${fixed(x(p50))} ${middle}H${fixed(x(p95))}M${fixed(x(p95))} ${middle - 4}v8"/>`,
      `<text class="value" x="${fixed(x(p95) + 6)}" y="${middle + 4}">${short(p50)}</text>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Median latency of each row, with p95, ${plan.calls} calls in sequence">
<style>${style}</style>
${[...grid, ...bars].join('\n')}
</svg>
`;
}

const style = `
text{font:12px system-ui,sans-serif;fill:#24292f}
.label{text-anchor:end}.tick{text-anchor:middle;fill:#57606a;font-size:11px}
.grid{stroke:#d0d7de}.whisker{stroke:#57606a;fill:none;stroke-width:1.5}
.ours{fill:#0969da}.floor{fill:#6e7781}.stock{fill:#bc8c00}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.tick{fill:#8b949e}.grid{stroke:#30363d}.whisker{stroke:#8b949e}
.ours{fill:#4493f8}.floor{fill:#8b949e}.stock{fill:#d29922}}
`;

function classOf(name: string): string {
  if (name.startsWith('stock')) return 'stock';
  return name === 'floor' || name === 'local' ? 'floor' : 'ours';
}

/** Rounds up to 1, 2, 4 or 8 times a power of ten, so that the number of ticks divides it. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 8].find((step) => step * power >= value) ?? 10);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
