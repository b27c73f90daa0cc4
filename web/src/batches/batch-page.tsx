import { useRoute } from 'preact-iso/router';
import type { BatchDescription } from '../../../src/contract/reruns.ts';
import { may } from '../access/may.ts';
import { api } from '../api.ts';
import { words } from '../format.ts';
import { pageLink } from '../links.ts';
import { StreamBadge } from '../live/stream-badge.tsx';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Loading } from '../ui/loading.tsx';
import { notify } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { Section } from '../ui/section.tsx';
import { Time } from '../ui/time.tsx';
import { BatchBar } from './batch-bar.tsx';
import { BatchItems } from './batch-items.tsx';
import { BatchStatus } from './batch-status.tsx';
import { filterWords } from './filter-words.ts';
import { useBatch } from './use-batch.ts';

/** One batch: its filter, progress and calls. */
export function BatchPage() {
  const id = useRoute().params['id'] ?? '';
  const { batch, problem, state } = useBatch(id);
  const running = batch?.status === 'running';
  const cancel = async (): Promise<void> => {
    await api.cancelBatch(id);
    notify('The batch is cancelled; reruns that have started continue');
  };
  return (
    <Page
      title={batch ? `Batch ${batch.done} of ${batch.total}` : 'Batch'}
      up={{ href: pageLink('/batches'), label: 'Batches' }}
      heading={
        <>
          Batch <span class="mono call-id">{id}</span> <CopyButton text={id} about="the batch id" />{' '}
          {batch && <BatchStatus of={batch} />}
        </>
      }
      aside={
        running && (
          <>
            <StreamBadge state={state} />
            {may('operate') && (
              <ConfirmButton
                label="Cancel"
                title="Cancel this batch?"
                action="Cancel the batch"
                danger
                onConfirm={cancel}
              >
                <p>No more calls are rerun. Reruns that have started continue to their end.</p>
              </ConfirmButton>
            )}
          </>
        )
      }
    >
      {!batch && <Loading problem={problem} />}
      {batch && (
        <>
          <Facts batch={batch} />
          <Section title="Progress">
            <BatchBar of={batch} />
          </Section>
          <Section title="Calls">
            <BatchItems items={batch.items} />
          </Section>
        </>
      )}
    </Page>
  );
}

function Facts({ batch }: { batch: BatchDescription }) {
  const overrides = Object.entries(batch.overrides).filter(([, value]) => value !== null && value !== false);
  return (
    <dl class="facts">
      <div>
        <dt>Filter</dt>
        <dd>{filterWords(batch.filter)}</dd>
      </div>
      <div>
        <dt>Started</dt>
        <dd>
          <Time at={batch.started_at} />
        </dd>
      </div>
      <div>
        <dt>Ended</dt>
        <dd>{batch.ended_at === null ? '–' : <Time at={batch.ended_at} />}</dd>
      </div>
      {overrides.length > 0 && (
        <div>
          <dt>Overrides</dt>
          <dd>{overrides.map(([name, value]) => `${words(name)}: ${String(value)}`).join(', ')}</dd>
        </div>
      )}
    </dl>
  );
}
