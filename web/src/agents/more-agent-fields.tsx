import type { Agent } from '../../../src/contract/agents.ts';
import { Field } from '../ui/field.tsx';

/** What an agent has beside its name and address; empty: the default. */
export function MoreAgentFields({ agent }: { agent: Agent | undefined }) {
  return (
    <div class="stack">
      <div class="columns">
        <Field label="Path">
          <input name="path" defaultValue={agent?.path ?? '/v1/messages'} />
        </Field>
        <Field label="Health path" hint="A free GET; empty: none">
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
        <Field label="Calls at a time" hint="Of one node; empty: no bound">
          <input
            name="max_concurrency"
            type="number"
            min="1"
            defaultValue={String(agent?.max_concurrency ?? '')}
          />
        </Field>
        <Field label="History" hint="What of its session it is sent">
          <select name="history">
            <option value="window">recent messages</option>
            <option value="none" selected={agent?.history === 'none'}>
              the prompt alone
            </option>
          </select>
        </Field>
      </div>
      <Field label="Fallback agents" hint="One a line, in the order to ask">
        <textarea name="fallback_agents" rows={2} defaultValue={agent?.fallback_agents.join('\n') ?? ''} />
      </Field>
      <Field label="Expectation" hint="JSON with min_length, json_schema or deny_regex; empty: any answer">
        <textarea name="expect" rows={3} spellcheck={false} defaultValue={expectationOf(agent)} />
      </Field>
      <Field
        label="Token"
        hint={
          agent?.has_auth_token
            ? 'Empty: the one that it has, for the same host'
            : 'Sent as a Bearer token; sealed, never shown again'
        }
      >
        <input name="auth_token" type="password" autocomplete="off" />
      </Field>
      {agent?.has_auth_token && (
        <label>
          <input type="checkbox" name="no_token" /> Without a token from now on
        </label>
      )}
    </div>
  );
}

function expectationOf(agent: Agent | undefined): string {
  if (!agent?.expect) return '';
  const said = Object.entries(agent.expect).filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries(said), undefined, 2);
}
