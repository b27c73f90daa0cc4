import type { Agent } from '../../../src/contract/agents.ts';
import { api } from '../api.ts';
import { Problem } from '../http.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { Field } from '../ui/field.tsx';
import { notify } from '../ui/notice.tsx';
import { MoreAgentFields } from './more-agent-fields.tsx';
import { registrationOf } from './registration-of.ts';

interface RegisterFormProps {
  /** The initial name of a new agent. */
  readonly name?: string;
  /** The agent to edit. Without it the form registers a new agent. */
  readonly agent?: Agent;
  readonly onRegistered: () => void;
  readonly onCancel?: () => void;
}

/** The form that registers or edits an agent. */
export function RegisterForm({ name = '', agent, onRegistered, onCancel }: RegisterFormProps) {
  const register = async (values: FormData): Promise<void> => {
    const registration = registrationOf(values, agent);
    if (!agent) await refuseKnown(registration.name);
    const { agent_name: registered, warnings } = await api.register(registration);
    notify([`${registered} is ${agent ? 'changed' : 'registered'}`, ...warnings].join('; '));
    onRegistered();
  };
  return (
    <ActionForm action={agent ? 'Save' : 'Register'} {...(onCancel && { onCancel })} onSubmit={register}>
      <div class="columns">
        <Field label="Name">
          <input
            name="name"
            defaultValue={agent?.name ?? name}
            readOnly={agent !== undefined}
            required
            maxLength={128}
            autocomplete="off"
          />
        </Field>
        <Field label="Host">
          <input name="host" required defaultValue={agent?.host ?? '127.0.0.1'} autocomplete="off" />
        </Field>
        <Field label="Port">
          <input
            name="port"
            type="number"
            required
            min="1"
            max="65535"
            defaultValue={String(agent?.port ?? 9101)}
          />
        </Field>
        <Field label="Protocol">
          <select name="protocol">
            <option>http</option>
            <option selected={agent?.protocol === 'https'}>https</option>
          </select>
        </Field>
      </div>
      <details open={agent !== undefined}>
        <summary>More</summary>
        <MoreAgentFields agent={agent} />
      </details>
    </ActionForm>
  );
}

/**
 * Throws `Problem` if an agent of this name is registered already. Otherwise the API would replace the whole configuration of
 * that agent.
 */
async function refuseKnown(name: string): Promise<void> {
  const { agents } = await api.agents();
  if (agents.some((one) => one.name === name))
    throw new Problem(
      `${name} is already registered`,
      'Nothing was sent. Choose another name, or change the agent with Edit on its card.',
    );
}
