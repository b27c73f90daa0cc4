import { useState } from 'preact/hooks';
import { Section } from '../ui/section.tsx';
import { PlotCanvas } from './plot-canvas.tsx';
import { PlotKey } from './plot-key.tsx';
import { valuesAt, type PlotSpec } from './plot-spec.ts';
import { PlotTable } from './plot-table.tsx';
import { intervalTime } from './plot-times.ts';

interface PlotProps {
  readonly title: string;
  /** What the plot says in all, in words. */
  readonly gist: string;
  readonly spec: PlotSpec;
}

/** A plot with its key, the values at the cursor in words, and a table of all values. */
export function Plot({ title, gist, spec }: PlotProps) {
  const [pointed, setPointed] = useState<number>();
  const at = pointed === undefined ? undefined : spec.times[pointed];
  return (
    <Section title={title}>
      <PlotKey spec={spec} />
      <PlotCanvas spec={spec} label={`${title}: ${gist}`} pointed={pointed} onPoint={setPointed} />
      <p class="plot-words hint" aria-live="polite">
        {pointed === undefined || at === undefined
          ? gist
          : `${intervalTime(at, spec)}: ${valuesAt(spec, pointed)}`}
      </p>
      <PlotTable title={title} spec={spec} />
    </Section>
  );
}
