import { api } from '../api.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';

interface RegisterFormProps {
  /** What the form begins with. */
  readonly name?: string;
  readonly onRegistered: () => void;
  readonly onCancel?: () => void;
}

export function RegisterForm({ name = '', onRegistered, onCancel }: RegisterFormProps) {
  const register = async (values: FormData): Promise<void> => {
    const { agent_name: registered, replaced } = await api.register(registrationOf(values));
    notify(replaced ? `${registered} was replaced` : `${registered} is registered`);
    onRegistered();
  };
  return (
    <ActionForm action="Register" {...(onCancel && { onCancel })} onSubmit={register}>
      <div class="columns">
        <Field label="Name">
          <input name="name" defaultValue={name} required maxLength={128} autocomplete="off" />
        </Field>
        <Field label="Host">
          <input name="host" required defaultValue="127.0.0.1" autocomplete="off" />
        </Field>
        <Field label="Port">
          <input name="port" type="number" required min="1" max="65535" defaultValue="9101" />
        </Field>
        <Field label="Protocol">
          <select name="protocol">
            <option>http</option>
            <option>https</option>
          </select>
        </Field>
      </div>
      <details>
        <summary>More</summary>
        <div class="stack">
          <div class="columns">
            <Field label="Path">
              <input name="path" defaultValue="/v1/messages" />
            </Field>
            <Field label="Health path" hint="A free GET; empty: none">
              <input name="health_path" />
            </Field>
            <Field label="Timeout in seconds">
              <input name="timeout_seconds" type="number" min="0.1" step="any" defaultValue="30" />
            </Field>
            <Field label="Retries">
              <input name="max_retries" type="number" min="0" max="10" defaultValue="3" />
            </Field>
          </div>
          <Field label="Fallback agents" hint="One a line, in the order to ask">
            <textarea name="fallback_agents" rows={2} />
          </Field>
          <Field label="Token" hint="Sent as a Bearer token; sealed, never shown again">
            <input name="auth_token" type="password" autocomplete="off" />
          </Field>
        </div>
      </details>
    </ActionForm>
  );
}

function registrationOf(values: FormData): object {
  const text = (name: string): string => formText(values, name);
  return {
    name: text('name'),
    host: text('host'),
    port: Number(text('port')),
    protocol: text('protocol'),
    path: text('path'),
    timeout_seconds: Number(text('timeout_seconds')),
    max_retries: Number(text('max_retries')),
    fallback_agents: text('fallback_agents')
      .split(/\s*\n\s*/)
      .filter(Boolean),
    ...(text('health_path') !== '' && { health_path: text('health_path') }),
    ...(text('auth_token') !== '' && { auth_token: text('auth_token') }),
  };
}
