import type { Batch } from '../../../src/contract/reruns.ts';
import { api } from '../api.ts';
import { count } from '../format.ts';
import { batchPage, pageLink } from '../links.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';
import { ShortId } from '../ui/call-link.tsx';
import { Empty } from '../ui/empty.tsx';
import { Loading } from '../ui/loading.tsx';
import { opens } from '../ui/open-row.ts';
import { Page } from '../ui/page.tsx';
import { Time } from '../ui/time.tsx';
import { BatchStatus } from './batch-status.tsx';
import { filterWords } from './filter-words.ts';

const refreshMs = 5_000;

/** The list of batches, updated every 5 s. */
export function BatchesPage() {
  const { value, problem, reload } = useLoaded('batches', api.batches);
  useRepeated(refreshMs, reload);
  return (
    <Page title="Batches">
      {!value && <Loading problem={problem} />}
      {value?.batches.length === 0 && (
        <Empty title="No batches yet">
          Filter the <a href={pageLink('/calls', { status: 'failed' })}>failed calls</a>, then rerun all that
          match.
        </Empty>
      )}
      {value && value.batches.length > 0 && (
        <table class="list" aria-label="Batches">
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">Batch</th>
              <th scope="col" class="wide">
                Filter
              </th>
              <th scope="col">Started</th>
              <th scope="col" class="number">
                Done
              </th>
              <th scope="col" class="number wide">
                Succeeded
              </th>
              <th scope="col" class="number wide">
                Failed again
              </th>
            </tr>
          </thead>
          <tbody>
            {value.batches.map((batch) => (
              <Row key={batch.batch_id} batch={batch} />
            ))}
          </tbody>
        </table>
      )}
    </Page>
  );
}

function Row({ batch }: { batch: Batch }) {
  return (
    <tr {...opens}>
      <td>
        <BatchStatus of={batch} />
      </td>
      <td>
        <a class="mono" href={batchPage(batch.batch_id)} title={batch.batch_id} data-opens>
          <ShortId id={batch.batch_id} />
        </a>
      </td>
      <td class="wide wrap">{filterWords(batch.filter)}</td>
      <td>
        <Time at={batch.started_at} />
      </td>
      <td class="number">
        {count(batch.done)} / {count(batch.total)}
      </td>
      <td class="number wide">{count(batch.now_succeeded)}</td>
      <td class="number wide">{count(batch.failed_again)}</td>
    </tr>
  );
}
