import { useLocation } from 'preact-iso/router';
import type { CallDescription } from '../../../src/contract/calls.ts';
import type { RerunOverrides } from '../../../src/contract/rerun-requests.ts';
import { api } from '../api.ts';
import { callPage } from '../links.ts';
import { ActionForm } from '../ui/action-form.tsx';
import { AgentNames } from '../ui/agent-names.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';
import { useIdempotencyKey } from '../ui/use-idempotency-key.ts';

/** The form of a rerun. Fields that are not changed keep the values of the call. */
export function RerunForm({ call, onClose }: { call: CallDescription; onClose: () => void }) {
  const { route } = useLocation();
  const keyOf = useIdempotencyKey();
  const rerun = async (values: FormData): Promise<void> => {
    const overrides = overridesOf(values, call.prompt);
    const { call_id: id, attached } = await api.rerun(call.call_id, overrides, keyOf(overrides));
    notify(attached ? 'The rerun was already accepted at an earlier click' : 'The rerun was accepted');
    onClose();
    route(callPage(id));
  };
  return (
    <ActionForm action="Rerun the call" onCancel={onClose} onSubmit={rerun}>
      <p>
        Starts a new call with the same request, linked to this one
        {call.session_id !== null && ', in the same session'}. Agents are asked as they are registered now.
      </p>
      {call.status === 'failed' && (
        <fieldset>
          <legend>Begin</legend>
          <label>
            <input type="radio" name="from" value="start" defaultChecked /> at the start of the chain
          </label>
          <label>
            <input type="radio" name="from" value="failed_agent" /> at the agent that failed last
          </label>
        </fieldset>
      )}
      <details>
        <summary>Change the request</summary>
        <div class="stack">
          <Field label="Agent" hint="Empty: unchanged">
            <input
              name="agent"
              list="rerun-agents"
              maxLength={128}
              autocomplete="off"
              placeholder={call.chain[0]?.name ?? ''}
            />
          </Field>
          <AgentNames id="rerun-agents" />
          <Field label="Fallback agents" hint="One per line, in the order to ask. Empty: as registered">
            <textarea name="chain" rows={2} />
          </Field>
          <Field label="Prompt">
            <textarea name="prompt" rows={4} defaultValue={call.prompt} />
          </Field>
          <Field label="Deadline in seconds" hint="Empty: unchanged">
            <input name="deadline" type="number" min="1" placeholder={String(call.deadline_seconds)} />
          </Field>
        </div>
      </details>
    </ActionForm>
  );
}

function overridesOf(values: FormData, oldPrompt: string): RerunOverrides {
  const agent = formText(values, 'agent');
  const chain = formText(values, 'chain')
    .split(/\s*\n\s*/)
    .filter(Boolean);
  const prompt = values.get('prompt');
  const deadline = formText(values, 'deadline');
  return {
    ...(values.get('from') === 'failed_agent' && { from: 'failed_agent' }),
    ...(agent !== '' && { agent_name: agent }),
    ...(chain.length > 0 && { fallback_agents: chain }),
    // Forms change newlines to CRLF; that alone does not count as another prompt.
    ...(typeof prompt === 'string' && !sameText(prompt, oldPrompt) && { prompt }),
    ...(deadline !== '' && { deadline_seconds: Number(deadline) }),
  };
}

const sameText = (a: string, b: string): boolean => a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');
