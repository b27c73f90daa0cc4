import { api } from '../api.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { chosenProject } from '../access/project.ts';

const refreshMs = 15_000;

/** How many alerts are active. Nothing while there are none, or while that is not known. */
export function AlertsBadge() {
  const { value, reload } = useLoaded(
    `alerts of ${chosenProject() ?? ''}`,
    async () => (await api.alerts('active')).total,
  );
  useRepeated(refreshMs, reload);
  if (value === undefined || value === 0) return null;
  return (
    <>
      {' '}
      <span class="tag critical">
        {value}
        <span class="visually-hidden"> active</span>
      </span>
    </>
  );
}
