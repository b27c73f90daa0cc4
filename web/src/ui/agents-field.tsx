import { Field } from './field.tsx';
import { formText } from './form-text.ts';

/** The field of the patterns of agents that a key, or calls of a project, may ask for. */
export function AgentsField({ agents = [] }: { agents?: readonly string[] }) {
  return (
    <Field
      label="Agents that it may call"
      hint="One per line; * stands for any characters. Empty: all agents"
    >
      <textarea
        name="agents"
        rows={2}
        spellcheck={false}
        placeholder="pm-*"
        defaultValue={agents.join('\n')}
      />
    </Field>
  );
}

/** Reads the patterns of a form. */
export function agentsIn(values: FormData): string[] {
  return formText(values, 'agents')
    .split(/[\s,]*[\n,][\s,]*/)
    .filter(Boolean);
}
