import { api } from '../api.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';

/** A button that creates a project. */
export function CreateProjectButton({ onCreated }: { onCreated: () => void }) {
  const create = async (values: FormData): Promise<void> => {
    const { name } = await api.createProject({ name: formText(values, 'name') });
    notify(`The project ${name} is created`);
    onCreated();
  };
  return (
    <ConfirmButton
      primary
      label="Create a project"
      title="Create a project"
      action="Create the project"
      onConfirm={create}
    >
      <p>Calls, sessions and batches belong to a project. Its keys see nothing of other projects.</p>
      <Field label="Name" hint="Lower-case letters, digits and hyphens. It stays taken for good">
        <input
          name="name"
          required
          maxLength={40}
          pattern="[a-z][a-z0-9\-]*"
          title="A lower-case letter, then lower-case letters, digits and hyphens"
          autocomplete="off"
          spellcheck={false}
        />
      </Field>
    </ConfirmButton>
  );
}
