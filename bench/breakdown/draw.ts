/** The spans of each kind of call as bars on one time axis: an SVG, light or dark as the reader's page is. */
import { spanNames, type Span } from './milestones.ts';

export interface TakenApart {
  readonly title: string;
  readonly spans: readonly Span[];
}

const [left, right, top, rowHeight, barHeight, width] = [210, 60, 16, 44, 26, 900] as const;
const colours = [
  '#0969da',
  '#54aeff',
  '#8250df',
  '#6e7781',
  '#1a7f37',
  '#bc8c00',
  '#d4a72c',
  '#cf222e',
  '#ff8182',
];

export function draw(calls: readonly TakenApart[]): string {
  const names = spanNames.filter((name) =>
    calls.some(({ spans }) => spans.some(({ what }) => what === name)),
  );
  const colour = (what: Span['what']): string => colours[spanNames.indexOf(what) % colours.length] ?? '';
  const total = (spans: readonly Span[]): number => spans.reduce((sum, { ms }) => sum + ms, 0);
  const most = Math.max(...calls.map(({ spans }) => total(spans)));
  const scale = (ms: number): number => (ms / most) * (width - left - right);
  const bars = calls.map(({ title, spans }, row) => {
    const y = top + row * rowHeight;
    let x = left;
    const parts = spans.map(({ what, ms }) => {
      const wide = scale(ms);
      const part = `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${barHeight}" fill="${colour(what)}"><title>${what}: ${ms.toFixed(1)} ms</title></rect>${wide > 26 ? `<text class="in" x="${(x + wide / 2).toFixed(1)}" y="${y + 17}">${ms.toFixed(1)}</text>` : ''}`;
      x += wide;
      return part;
    });
    return `<text class="label" x="${left - 10}" y="${y + 17}">${title}</text>${parts.join('')}<text x="${(x + 6).toFixed(1)}" y="${y + 17}">${total(spans).toFixed(1)} ms</text>`;
  });
  const below = top + calls.length * rowHeight;
  const legend = names.map((what, index) => {
    const [x, y] = [left + (index % 2) * 330, below + Math.floor(index / 2) * 22];
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour(what)}"/><text x="${x + 18}" y="${y + 11}">${what}</text>`;
  });
  const height = below + Math.ceil(names.length / 2) * 22 + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Where the time of a call goes, in ms">
<style>text{font:12px system-ui,sans-serif;fill:#24292f}.label{text-anchor:end}.in{text-anchor:middle;fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
${[...bars, ...legend].join('\n')}
</svg>
`;
}
