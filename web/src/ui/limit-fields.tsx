import type { Key, KeyRequest } from '../../../src/contract/keys.ts';
import type { ProjectLimits } from '../../../src/contract/limits.ts';
import { formText } from './form-text.ts';
import { count } from '../format.ts';
import { Field } from './field.tsx';

type Limits = Key['limits'];
type LimitsToSet = NonNullable<KeyRequest['limits']>;

const labels = {
  requests_per_minute: 'Requests a minute',
  calls_in_flight: 'Calls in flight',
  calls_per_day: 'Calls a day (UTC)',
  max_prompt_bytes: 'Largest prompt in bytes',
} satisfies Record<keyof Limits, string>;
const names = Object.keys(labels) as (keyof Limits)[];

/** The fields of the limits of a key or project. An empty field does not limit. */
export function LimitFields({ limits }: { limits?: Limits }) {
  return (
    <div class="columns">
      {names.map((name) => (
        <Field key={name} label={labels[name]} hint="Empty: no limit">
          <input name={name} type="number" min="1" step="1" defaultValue={String(limits?.[name] ?? '')} />
        </Field>
      ))}
    </div>
  );
}

/** Reads the limits of a form. They replace those before, so it returns all that are set. */
export function limitsIn(values: FormData): LimitsToSet {
  const set = names.filter((name) => formText(values, name) !== '');
  return Object.fromEntries(set.map((name) => [name, Number(formText(values, name))]));
}

/** Formats limits as one line of words. */
export function limitWords(limits: Limits | ProjectLimits): string {
  const set = names.flatMap((name) =>
    limits[name] === null
      ? []
      : [`${labels[name].toLowerCase().replace('utc', 'UTC')}: ${count(limits[name])}`],
  );
  if ('agents' in limits && limits.agents) set.push(`agents: ${limits.agents.join(' ')}`);
  return set.length === 0 ? 'none' : set.join(', ');
}
