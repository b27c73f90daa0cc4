import { useState } from 'preact/hooks';
import type { CallSummary } from '../../../src/contract/calls.ts';
import { AgentNames, Names } from '../ui/agent-names.tsx';
import { Field } from '../ui/field.tsx';
import { metadataPrefix, type FilterInUse, type FilterName } from './filter.ts';
import { TextFilter } from './text-filter.tsx';

const agentsList = 'filter-agents';
const texts: readonly (readonly [FilterName, string, string?])[] = [
  ['agent', 'Agent asked', agentsList],
  ['asked', 'Asked, also as a fallback', agentsList],
  ['answered_by', 'Answered by', agentsList],
  ['session', 'Session', 'filter-sessions'],
  ['user', 'User', 'filter-users'],
  ['prompt_contains', 'Prompt contains'],
];
const choices: readonly (readonly [FilterName, string, Readonly<Record<string, string>>])[] = [
  ['failed_over', 'Failed over', { true: 'Yes', false: 'No' }],
];

/** The filters that are needed less often. The names in `calls` are offered. */
export function MoreFilters({ use, calls }: { use: FilterInUse; calls: readonly CallSummary[] }) {
  const { filter, change } = use;
  const members = Object.keys(filter).filter((name) => name.startsWith(metadataPrefix));
  const set = [...texts, ...choices].filter(([name]) => filter[name] !== undefined).length + members.length;
  // It stays open when its last filter is removed in it.
  const [open, setOpen] = useState(set > 0);
  return (
    <details open={open || set > 0} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>More filters{set > 0 && ` (${set})`}</summary>
      <AgentNames id={agentsList} />
      <Names id="filter-sessions" of={namesIn(calls.map((call) => call.session_id))} />
      <Names id="filter-users" of={namesIn(calls.map((call) => call.user_id))} />
      <div class="filters">
        {texts.map(([name, label, list]) => (
          <TextFilter
            key={name}
            label={label}
            value={filter[name] ?? ''}
            {...(list !== undefined && { list })}
            ofContent={name === 'prompt_contains'}
            onChange={(text) => change({ [name]: text })}
          />
        ))}
        {choices.map(([name, label, options]) => (
          <Field key={name} label={label}>
            <select
              value={filter[name] ?? ''}
              onChange={(event) => change({ [name]: event.currentTarget.value })}
            >
              <option value="">Any</option>
              {Object.entries(options).map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          </Field>
        ))}
        <TextFilter
          label="Metadata (name=value)"
          ofContent
          hasLines
          value={members
            .map((name) => `${name.slice(metadataPrefix.length)}=${filter[name] ?? ''}`)
            .join('\n')}
          onChange={(text) => {
            const lines = text.split('\n').map((line) => line.trim());
            const wanted = lines.filter((line) => line !== '').map(memberIn);
            if (wanted.includes(undefined)) return; // It is being typed.
            const before = members.map((name) => [name, undefined] as const);
            change(Object.fromEntries([...before, ...wanted.filter((member) => member !== undefined)]));
          }}
        />
      </div>
    </details>
  );
}

const namesIn = (found: readonly (string | null)[]): string[] =>
  [...new Set(found.filter((name) => name !== null))].sort();

/** The filter that a line `name=value` states; undefined if it states none. */
function memberIn(line: string): readonly [name: string, value: string] | undefined {
  const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(line) ?? [];
  return value === '' ? undefined : [metadataPrefix + name.trim(), value.trim()];
}
