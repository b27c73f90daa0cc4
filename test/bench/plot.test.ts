import { describe, expect, it } from 'vitest';
import { plot } from '../../bench/plot.ts';
import { figures } from '../../bench/stats.ts';
import { reportRowOf } from './support.ts';

const plan = { calls: 200, rounds: 5, concurrency: [16] };

describe('the plot', () => {
  const svg = plot({
    plan,
    rows: [
      reportRowOf('floor', 20),
      reportRowOf('stock', 50),
      reportRowOf('call', 15, { title: 'call <&>' }),
      reportRowOf('session-read', 1),
      reportRowOf('session-hot', NaN, { sequential: figures([]) }),
    ],
  });

  it('has a bar as long as its median, and a whisker that ends at its p95', () => {
    const bars = [...svg.matchAll(/<rect class="(\w+)" x="[\d.]+" y="\d+" width="([\d.]+)"/g)];
    const widths = Object.fromEntries(bars.map(([, kind = '', width]) => [kind, Number(width)]));
    expect(Object.keys(widths)).toEqual(['floor', 'stock', 'ours']);
    expect((widths['stock'] ?? 0) / (widths['floor'] ?? 1)).toBeCloseTo(2.5, 1);
    expect([...svg.matchAll(/class="whisker"/g)]).toHaveLength(3);
  });

  it('is readable in the light and in the dark', () => {
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
  });

  it('leaves out what would be too small to see or was not measured in sequence, and breaks on no title', () => {
    expect(svg).not.toContain('row session-read');
    expect(svg).not.toContain('row session-hot');
    expect(svg).toContain('call &lt;&amp;>');
  });

  it('of nothing is still a picture', () => {
    expect(plot({ plan, rows: [] })).toMatch(/^<svg [^]*<\/svg>\n$/);
  });
});
