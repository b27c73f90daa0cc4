import type { Delivery, Webhook } from '../../../src/contract/webhooks.ts';
import { api } from '../api.ts';
import { count } from '../format.ts';
import { batchPage, pageLink } from '../links.ts';
import { CallLink, ShortId } from '../ui/call-link.tsx';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { notify } from '../ui/notice.tsx';
import { Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { triedWords } from './tried-words.ts';
import { deliveryKey } from './use-deliveries.ts';

interface DeliveryTableProps {
  readonly of: Webhook;
  readonly deliveries: readonly Delivery[];
  readonly canRedeliver: boolean;
  readonly onSent: () => void;
}

/** A table of tries. */
export function DeliveryTable({ of, deliveries, canRedeliver, onSent }: DeliveryTableProps) {
  return (
    <table class="list" aria-label="Deliveries">
      <thead>
        <tr>
          <th scope="col">Outcome</th>
          <th scope="col">Event</th>
          <th scope="col" class="wide">
            Happened
          </th>
          <th scope="col">Tried</th>
          <th scope="col" class="number wide">
            Try
          </th>
          <th scope="col" class="wide">
            Result
          </th>
          {canRedeliver && (
            <th scope="col">
              <span class="visually-hidden">Action</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {deliveries.map((one) => (
          <tr key={deliveryKey(one)}>
            <td>
              <Status of={one.outcome} />
            </td>
            <td>
              <EventType of={one.type} />{' '}
              <span class="name">
                <About of={one} />
              </span>
            </td>
            <td class="wide">
              <Time at={one.happened_at} />
            </td>
            <td>
              <Time at={one.at} />
            </td>
            <td class="number wide">{count(one.tries)}</td>
            <td class="wide wrap">{triedWords(one)}</td>
            {canRedeliver && (
              <td>{one.outcome !== 'dropped' && <RedeliverButton of={of} event={one} onSent={onSent} />}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The type of an event, which may break after its dots and underscores. */
function EventType({ of }: { of: Delivery['type'] }) {
  return (
    <>{of.split(/(?<=[._])/).flatMap((part, index) => (index === 0 ? [part] : [<wbr key={part} />, part]))}</>
  );
}

/** A link to what the event is about. */
function About({ of: { type, about } }: { of: Delivery }) {
  if (type === 'agent.state_changed') return <a href={pageLink('/agents')}>{about}</a>;
  if (type === 'alert.fired' || type === 'alert.resolved') return <span class="mono">{about}</span>;
  if (type !== 'batch.ended') return <CallLink id={about} />;
  return (
    <a class="mono" href={batchPage(about)} title={about}>
      <ShortId id={about} />
    </a>
  );
}

interface RedeliverButtonProps {
  readonly of: Webhook;
  readonly event: Delivery;
  readonly onSent: () => void;
}

function RedeliverButton({ of, event, onSent }: RedeliverButtonProps) {
  const redeliver = async (): Promise<void> => {
    await api.redeliver(of.id, event.event_id, new Date(Date.parse(event.at) + 1).toISOString());
    notify('The event is sent again');
    onSent();
  };
  return (
    <ConfirmButton
      small
      label="Redeliver"
      about={`${event.type} of ${event.about}`}
      title="Send this event again?"
      action="Send it again"
      onConfirm={redeliver}
    >
      <p>
        {of.name} gets it with the <code>webhook-id</code> that it had, <code>{event.event_id}</code>, so that
        a receiver that has it already can tell.
      </p>
    </ConfirmButton>
  );
}
