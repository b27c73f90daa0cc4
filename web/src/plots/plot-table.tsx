import { useState } from 'preact/hooks';
import { hasValues, textOf, type PlotSpec } from './plot-spec.ts';
import { intervalTime } from './plot-times.ts';

/** The values of a plot as a table, which is made when it is opened. Intervals without values are left out. */
export function PlotTable({ title, spec }: { title: string; spec: PlotSpec }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Table<span class="visually-hidden"> of {title}</span>
      </summary>
      {open && <Rows title={title} spec={spec} />}
    </details>
  );
}

function Rows({ title, spec }: { title: string; spec: PlotSpec }) {
  const rows = spec.times.map((at, index) => ({ at, index })).filter(({ index }) => hasValues(spec, index));
  if (rows.length === 0) return <p class="hint">Nothing but zeros.</p>;
  return (
    <div class="plot-table" tabIndex={0} role="group" aria-label={`Values of ${title}`}>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">From</th>
            {spec.series.map(({ label }) => (
              <th key={label} scope="col" class="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map(({ at, index }) => (
            <tr key={at}>
              <td>
                <time dateTime={new Date(at).toISOString()}>{intervalTime(at, spec)}</time>
              </td>
              {spec.series.map(({ label, values }) => (
                <td key={label} class="number">
                  {textOf(values[index] ?? null, spec.format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
