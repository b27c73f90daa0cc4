/** Draws stacked bars on one axis, as an SVG for the docs that follows the reader's colour scheme. */
export interface Stack {
  readonly title: string;
  readonly parts: readonly { readonly what: string; readonly ms: number }[];
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

/** Returns the SVG. `names` sets the order of the legend and of the colours. */
export function stackedBars(label: string, stacks: readonly Stack[], names: readonly string[]): string {
  const used = names.filter((name) => stacks.some(({ parts }) => parts.some(({ what }) => what === name)));
  const colour = (what: string): string => colours[used.indexOf(what) % colours.length] ?? '';
  const total = (parts: Stack['parts']): number => parts.reduce((sum, { ms }) => sum + ms, 0);
  const most = Math.max(...stacks.map(({ parts }) => total(parts)));
  const scale = (ms: number): number => (ms / most) * (width - left - right);
  const bars = stacks.map(({ title, parts }, row) => {
    const y = top + row * rowHeight;
    let x = left;
    const drawn = parts.map(({ what, ms }) => {
      const wide = scale(ms);
      const part = `<rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${barHeight}" fill="${colour(what)}"><title>${what}: ${ms.toFixed(1)} ms</title></rect>${wide > 26 ? `<text class="in" x="${(x + wide / 2).toFixed(1)}" y="${y + 17}">${ms.toFixed(1)}</text>` : ''}`;
      x += wide;
      return part;
    });
    return `<text class="label" x="${left - 10}" y="${y + 17}">${title}</text>${drawn.join('')}<text x="${(x + 6).toFixed(1)}" y="${y + 17}">${total(parts).toFixed(1)} ms</text>`;
  });
  const below = top + stacks.length * rowHeight;
  const legend = used.map((what, index) => {
    const [x, y] = [left + (index % 2) * 330, below + Math.floor(index / 2) * 22];
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour(what)}"/><text x="${x + 18}" y="${y + 11}">${what}</text>`;
  });
  const height = below + Math.ceil(used.length / 2) * 22 + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
<style>text{font:12px system-ui,sans-serif;fill:#24292f}.label{text-anchor:end}.in{text-anchor:middle;fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
${[...bars, ...legend].join('\n')}
</svg>
`;
}
