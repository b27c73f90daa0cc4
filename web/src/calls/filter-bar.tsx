import { useEffect, useRef } from 'preact/hooks';
import { valueWords } from '../batches/filter-words.ts';
import { words } from '../format.ts';
import { Field } from '../ui/field.tsx';
import { errorTypes } from './error-types.ts';
import { hasTab } from './status-tabs.tsx';
import { spans, type FilterInUse, type FilterName } from './filter.ts';

const typingPauseMs = 250;
const names: readonly (readonly [FilterName, string])[] = [
  ['agent', 'Agent asked'],
  ['answered_by', 'Answered by'],
  ['session', 'Session'],
  ['user', 'User'],
];

/** The filters of the list, except the status, which has tabs. */
export function FilterBar({ use }: { use: FilterInUse }) {
  const { filter, change } = use;
  // A status that has a tab is cleared by the tabs.
  const set = Object.keys(filter).filter((name) => name !== 'status' || !hasTab(filter[name]));
  const rare = names.filter(([name]) => filter[name] !== undefined).length;
  return (
    <search class="filters">
      <TextFilter use={use} name="text" label="Call id begins with" />
      <Field label="Error">
        <select
          value={filter['error_type'] ?? ''}
          onChange={(event) => change({ error_type: event.currentTarget.value })}
        >
          <option value="">Any</option>
          {errorTypes.map((type) => (
            <option key={type} value={type}>
              {words(type)}
            </option>
          ))}
        </select>
      </Field>
      <SinceFilter use={use} />
      <details open={rare > 0}>
        <summary>More filters{rare > 0 && ` (${rare})`}</summary>
        <div class="filters">
          {names.map(([name, label]) => (
            <TextFilter key={name} use={use} name={name} label={label} />
          ))}
        </div>
      </details>
      {set.length > 0 && (
        <a class="clear" href={use.href(Object.fromEntries(set.map((name) => [name, undefined])))}>
          Clear filters
        </a>
      )}
    </search>
  );
}

function SinceFilter({ use: { filter, change } }: { use: FilterInUse }) {
  const since = filter['since'] ?? '';
  return (
    <Field label="Started">
      <select value={since} onChange={(event) => change({ since: event.currentTarget.value })}>
        <option value="">Any time</option>
        {Object.entries(spans).map(([name, { label }]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
        {since !== '' && !spans[since] && <option value={since}>Since {valueWords('since', since)}</option>}
      </select>
    </Field>
  );
}

/** A text filter. Typing changes the URL after a short pause; a changed URL changes the field at once. */
function TextFilter({ use, name, label }: { use: FilterInUse; name: FilterName; label: string }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(use);
  latest.current = use;
  const value = use.filter[name] ?? '';
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const typed = (text: string): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current.change({ [name]: text.trim() }), typingPauseMs);
  };
  return (
    <Field label={label}>
      <input
        ref={input}
        type="search"
        maxLength={128}
        autocomplete="off"
        spellcheck={false}
        defaultValue={value}
        onInput={(event) => typed(event.currentTarget.value)}
      />
    </Field>
  );
}
