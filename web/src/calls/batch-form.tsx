import { useLocation } from 'preact-iso/router';
import type { BatchDryRun } from '../../../src/contract/reruns.ts';
import { api, type FilterValues } from '../api.ts';
import { valueWords } from '../batches/filter-words.ts';
import { plural, words } from '../format.ts';
import { batchPage } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { ShortId } from '../ui/call-link.tsx';
import { ActionForm } from '../ui/action-form.tsx';
import { AgentNames } from '../ui/agent-names.tsx';
import { Field } from '../ui/field.tsx';
import { Loading } from '../ui/loading.tsx';
import { formText } from '../ui/form-text.ts';
import { useIdempotencyKey } from '../ui/use-idempotency-key.ts';

/** The form that starts a batch. It first shows the result of a dry run: how many calls would be rerun, and some of them. */
export function BatchForm({ filter, onCancel }: { filter: FilterValues; onCancel: () => void }) {
  const { route } = useLocation();
  const dry = useLoaded(JSON.stringify(filter), () => api.dryRun({ filter }));
  const keyOf = useIdempotencyKey();
  if (!dry.value) return <Loading problem={dry.problem} />;

  const { total } = dry.value;
  const start = async (values: FormData): Promise<void> => {
    const agent = formText(values, 'agent_name');
    const order = {
      filter,
      rate_per_second: Number(formText(values, 'rate')),
      max_in_flight: Number(formText(values, 'in_flight')),
      ...(agent !== '' && { overrides: { agent_name: agent } }),
    };
    const { batch_id: id } = await api.startBatch(order, keyOf(order));
    route(batchPage(id));
  };
  return (
    <ActionForm
      action={`Rerun ${plural(total, 'call')}`}
      disabled={total === 0}
      onCancel={onCancel}
      onSubmit={start}
    >
      <Found dry={dry.value} filter={filter} />
      <div class="columns">
        <Field label="Calls per second">
          <input name="rate" type="number" min="0.01" max="100" step="any" defaultValue="2" required />
        </Field>
        <Field label="In flight at most">
          <input name="in_flight" type="number" min="1" max="200" defaultValue="8" required />
        </Field>
      </div>
      <Field label="Another agent" hint="Empty: the agent that each call asked for">
        <input name="agent_name" list="batch-agents" maxLength={128} autocomplete="off" />
      </Field>
      <AgentNames id="batch-agents" />
    </ActionForm>
  );
}

function Found({ dry, filter }: { dry: BatchDryRun; filter: FilterValues }) {
  return (
    <>
      <p>
        <strong>{plural(dry.total, 'call')}</strong> will run again, each as a new call linked to the old one.{' '}
        {dry.skipped > 0 && `${dry.skipped} more would be skipped; the page of the batch says why.`}
      </p>
      <p class="hint">
        {Object.entries(filter)
          .map(([name, value]) => `${words(name)}: ${valueWords(name, String(value))}`)
          .join(', ')}
      </p>
      {dry.sample.length > 0 && (
        <ul class="sample" aria-label="Examples">
          {dry.sample.slice(0, 5).map((call) => (
            <li key={call.call_id}>
              <span class="mono">
                <ShortId id={call.call_id} />
              </span>{' '}
              {call.asked} <span class="hint">{call.error_type ?? call.status}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
