import { useState } from 'preact/hooks';
import { scopes, scopeTable } from '../../../src/domain/api-key.ts';
import { allProjects } from '../../../src/domain/project.ts';
import { chosenProject } from '../access/project.ts';
import { who } from '../access/who.ts';
import { api } from '../api.ts';
import { ProjectField } from '../projects/project-field.tsx';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { AgentsField } from '../ui/agents-field.tsx';
import { LimitFields } from '../ui/limit-fields.tsx';
import { keyRequestOf } from './key-request-of.ts';
import { showKey } from './shown-key.tsx';

/** The form of a new key, whose text is shown afterwards. */
export function KeyForm({ onCreated, onCancel }: { onCreated: () => void; onCancel: () => void }) {
  const isFirst = who.value?.how === 'open';
  const [isAdmin, setAdmin] = useState(isFirst);
  const create = async (values: FormData): Promise<void> => {
    await showKey(await api.createKey(keyRequestOf(values)));
    onCreated();
  };
  return (
    <ActionForm action="Create the key" onCancel={onCancel} onSubmit={create}>
      {isFirst && (
        <p class="warning">
          This node is open to everyone on its machine. Its first key closes it, so that key needs the scope
          admin.
        </p>
      )}
      <div class="columns">
        <Field label="Name" hint="What the key is for">
          <input name="name" required maxLength={128} autocomplete="off" />
        </Field>
        <ProjectField label="Project" hint="What it sees and makes" selected={presetProject()} />
      </div>
      <fieldset class="choices">
        <legend>Scopes</legend>
        {scopes.map((scope) => (
          <label key={scope}>
            <input
              type="checkbox"
              name="scope"
              value={scope}
              defaultChecked={isFirst ? scope === 'admin' : scope === 'call' || scope === 'read'}
              onChange={(event) => scope === 'admin' && setAdmin(event.currentTarget.checked)}
            />{' '}
            <strong>{scope}</strong> <span class="hint">{scopeTable[scope]}</span>
          </label>
        ))}
      </fieldset>
      {!isAdmin && <AgentsField />}
      <Field label="Expires in days" hint="Empty: valid until it is revoked">
        <input name="days" type="number" min="0.001" max="3650" step="any" />
      </Field>
      <details>
        <summary>Limits</summary>
        <LimitFields />
      </details>
    </ActionForm>
  );
}

/** The project that is selected at first: the one that the desk shows. */
function presetProject(): string | null | undefined {
  const chosen = chosenProject();
  return chosen === undefined || chosen === allProjects ? who.value?.project : chosen;
}
