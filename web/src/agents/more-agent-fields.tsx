import type { Agent } from '../../../src/contract/agents.ts';
import { ProjectField } from '../projects/project-field.tsx';
import { Field } from '../ui/field.tsx';

/** The fields of the registration form besides name and address. An empty field means the default. */
export function MoreAgentFields({ agent }: { agent: Agent | undefined }) {
  return (
    <div class="stack">
      <div class="columns">
        <Field label="Path">
          <input name="path" defaultValue={agent?.path ?? '/v1/messages'} />
        </Field>
        <Field label="Health path" hint="Answers a GET at no cost; empty: no probes">
          <input name="health_path" defaultValue={agent?.health_path ?? ''} />
        </Field>
        <Field label="Timeout in seconds">
          <input
            name="timeout_seconds"
            type="number"
            min="0.001"
            step="any"
            required
            defaultValue={String(agent?.timeout_seconds ?? 30)}
          />
        </Field>
        <Field label="Retries">
          <input
            name="max_retries"
            type="number"
            min="0"
            max="10"
            required
            defaultValue={String(agent?.max_retries ?? 3)}
          />
        </Field>
        <Field label="Requests in flight" hint="Limit per node; empty: no limit">
          <input
            name="max_concurrency"
            type="number"
            min="1"
            defaultValue={String(agent?.max_concurrency ?? '')}
          />
        </Field>
        <Field label="History" hint="Messages of the session that it gets">
          <select name="history">
            <option value="window">recent messages</option>
            <option value="none" selected={agent?.history === 'none'}>
              the prompt alone
            </option>
          </select>
        </Field>
      </div>
      <ProjectField
        label="Only for the project"
        hint="Other projects do not see the agent"
        selected={agent?.project}
        none="all projects share it"
      />
      <Field label="Fallback agents" hint="One per line, in the order to ask">
        <textarea name="fallback_agents" rows={2} defaultValue={agent?.fallback_agents.join('\n') ?? ''} />
      </Field>
      <Field label="Expectation" hint="JSON with min_length, json_schema or deny_regex; empty: any answer">
        <textarea name="expect" rows={3} spellcheck={false} defaultValue={expectationOf(agent)} />
      </Field>
      <Field
        label="Token"
        hint={
          agent?.has_auth_token
            ? `Empty: keeps the present one${agent.auth_token_reference === null ? '' : `, ${agent.auth_token_reference}`}, for the same host only`
            : 'Sent as a bearer token; stored encrypted, never shown again. Or env:HOLDFAST_SECRET_… or file:…'
        }
      >
        <input name="auth_token" type="password" autocomplete="off" />
      </Field>
      {agent?.has_auth_token && (
        <label>
          <input type="checkbox" name="no_token" /> Remove the present token
        </label>
      )}
    </div>
  );
}

function expectationOf(agent: Agent | undefined): string {
  if (!agent?.expect) return '';
  const rules = Object.entries(agent.expect).filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries(rules), undefined, 2);
}
