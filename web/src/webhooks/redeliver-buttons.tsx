import type { Webhook } from '../../../src/contract/webhooks.ts';
import { api } from '../api.ts';
import { plural } from '../format.ts';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { Field } from '../ui/field.tsx';
import { formText } from '../ui/form-text.ts';
import { notify } from '../ui/notice.tsx';

interface RedeliverProps {
  readonly of: Webhook;
  readonly onSent: () => void;
}

const dayMs = 86_400_000;

/** A button that sends every parked event again. */
export function RedeliverParkedButton({ of, onSent }: RedeliverProps) {
  const redeliver = async (): Promise<void> => {
    // The clock of the browser may be behind that of the node.
    const to = new Date(Date.now() + dayMs).toISOString();
    await api.redeliverMany(of.id, { from: of.created_at, to, only: 'parked' });
    notify('The parked events are sent again');
    onSent();
  };
  return (
    <ConfirmButton
      small
      label="Redeliver parked"
      title="Send the parked events again?"
      action="Send them again"
      onConfirm={redeliver}
    >
      <p>
        {plural(of.parked, 'event was', 'events were')} given up, because the receiver did not take them for
        days.
      </p>
    </ConfirmButton>
  );
}

/** A button that sends the events of a time again. */
export function RedeliverRangeButton({ of, onSent }: RedeliverProps) {
  const redeliver = async (values: FormData): Promise<void> => {
    const [from, to] = ['from', 'to'].map((name) => new Date(formText(values, name)).toISOString());
    await api.redeliverMany(of.id, {
      from: from ?? '',
      to: to ?? '',
      only: values.get('all') ? 'all' : 'parked',
    });
    notify('The events of that time are sent again');
    onSent();
  };
  return (
    <ConfirmButton
      small
      label="Redeliver a time"
      title="Send the events of a time again"
      action="Send them again"
      onConfirm={redeliver}
    >
      <div class="columns">
        <Field label="Happened at or after" hint="Local time">
          <input name="from" type="datetime-local" step="1" required />
        </Field>
        <Field label="And not after" hint="Local time">
          <input name="to" type="datetime-local" step="1" required />
        </Field>
      </div>
      <fieldset class="choices">
        <legend>Which</legend>
        <label>
          <input type="checkbox" name="all" /> <strong>Also those that were delivered</strong>{' '}
          <span class="hint">for a receiver that has lost what it got; otherwise only parked ones</span>
        </label>
      </fieldset>
    </ConfirmButton>
  );
}
