import type { Delivery, Webhook } from '../../../src/contract/webhooks.ts';
import { deliveryOutcomes } from '../../../src/domain/webhook.ts';
import { may } from '../access/may.ts';
import { showsAllProjects } from '../access/project.ts';
import { webhookPage } from '../links.ts';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { ProblemBox } from '../ui/problem-box.tsx';
import { Section } from '../ui/section.tsx';
import { DeliveryTable } from './delivery-table.tsx';
import { RedeliverParkedButton, RedeliverRangeButton } from './redeliver-buttons.tsx';
import { useDeliveries } from './use-deliveries.ts';

type Outcome = Delivery['outcome'] | undefined;

interface DeliveryLogProps {
  readonly of: Webhook;
  /** Which tries are shown. Undefined: all. */
  readonly outcome: Outcome;
  readonly onChange: () => void;
}

/** The log of a webhook's deliveries, with buttons that send again. */
export function DeliveryLog({ of, outcome, onChange }: DeliveryLogProps) {
  const { log, problem, reload, busy, loadOlder } = useDeliveries(of.id, outcome);
  const changes = may('operate') && !showsAllProjects() && of.disabled_at === null;
  const onSent = (): void => {
    void reload();
    onChange();
  };
  const older = log?.nextBefore ?? null;
  return (
    <Section
      title="Deliveries"
      aside={
        changes && (
          <div class="actions">
            {of.parked > 0 && <RedeliverParkedButton of={of} onSent={onSent} />}
            <RedeliverRangeButton of={of} onSent={onSent} />
          </div>
        )
      }
    >
      <OutcomeTabs id={of.id} outcome={outcome} />
      {!log && <Loading problem={problem} />}
      {log && problem && <ProblemBox problem={problem} />}
      {log?.deliveries.length === 0 && <NoDeliveries outcome={outcome} />}
      {log && log.deliveries.length > 0 && (
        <DeliveryTable of={of} deliveries={log.deliveries} canRedeliver={changes} onSent={onSent} />
      )}
      {older !== null && (
        <div class="actions center">
          <button type="button" disabled={busy} onClick={() => void loadOlder(older)}>
            {busy ? 'Loading…' : 'Older deliveries'}
          </button>
        </div>
      )}
    </Section>
  );
}

function OutcomeTabs({ id, outcome }: { id: string; outcome: Outcome }) {
  const tabs = [[undefined, 'All'], ...deliveryOutcomes.map((one) => [one, labels[one]] as const)] as const;
  return (
    <nav class="tabs" aria-label="Deliveries by outcome">
      {tabs.map(([one, label]) => (
        <a
          key={label}
          href={webhookPage(id, { outcome: one })}
          aria-current={one === outcome ? 'true' : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

const labels = {
  delivered: 'Delivered',
  failed: 'Failed',
  parked: 'Parked',
  dropped: 'Dropped',
} satisfies Record<Delivery['outcome'], string>;

function NoDeliveries({ outcome }: { outcome: Outcome }) {
  return outcome === undefined ? (
    <Empty title="No deliveries yet">Each try is listed here, once an event has happened.</Empty>
  ) : (
    <Empty title={`Nothing ${outcome}`}>Older tries are kept for a time only.</Empty>
  );
}
