import type { Batch } from '../../../src/contract/reruns.ts';
import { count } from '../format.ts';

const parts = [
  ['now_succeeded', 'Succeeded', 'ok'],
  ['failed_again', 'Failed again', 'failed'],
  ['skipped', 'Skipped', 'skipped'],
] as const;

/** The progress of a batch by outcome, as a bar and in figures. */
export function BatchBar({ of }: { of: Batch }) {
  const total = Math.max(1, of.total);
  let x = 0;
  const label = `${of.done} of ${of.total} done`;
  return (
    <>
      <div
        class="batch-bar"
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={of.done}
        aria-valuetext={label}
      >
        <svg width="100%" height="14" aria-hidden="true">
          {parts.map(([key, , look]) => {
            const width = (100 * of[key]) / total;
            x += width;
            return (
              <rect key={key} class={`part-${look}`} x={`${x - width}%`} width={`${width}%`} height="14" />
            );
          })}
        </svg>
      </div>
      <dl class="figures">
        <div>
          <dt>Done</dt>
          <dd>
            {count(of.done)} / {count(of.total)}
          </dd>
        </div>
        {parts.map(([key, name, look]) => (
          <div key={key}>
            <dt>
              <span class={`swatch part-${look}`} aria-hidden="true" />
              {name}
            </dt>
            <dd>{count(of[key])}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
