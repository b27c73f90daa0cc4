import { useState } from 'preact/hooks';
import type { BatchItem } from '../../../src/contract/reruns.ts';
import { count } from '../format.ts';
import { comparePage } from '../links.ts';
import { CallLink, shortId } from '../ui/call-link.tsx';
import { Empty } from '../ui/empty.tsx';
import { opens } from '../ui/open-row.ts';
import { ErrorType, Status } from '../ui/status.tsx';

const shownAtFirst = 100;

/** The calls of a batch with their outcomes. It first shows 100 of them. */
export function BatchItems({ items }: { items: readonly BatchItem[] }) {
  const [all, setAll] = useState(false);
  if (items.length === 0) return <Empty title="No calls yet" />;
  return (
    <>
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Call</th>
            <th scope="col">Rerun</th>
            <th scope="col" class="wide">
              Reason
            </th>
          </tr>
        </thead>
        <tbody>
          {items.slice(0, all ? items.length : shownAtFirst).map((item) => (
            <tr key={item.call_id} {...opens}>
              <td>
                <Status of={item.outcome} />
                {item.error_type !== null && <ErrorType of={item.error_type} />}
              </td>
              <td>
                <CallLink id={item.call_id} opens />
              </td>
              <td>
                {item.rerun_id === null ? (
                  <span class="none">–</span>
                ) : (
                  <>
                    <CallLink id={item.rerun_id} />{' '}
                    <a
                      class="wide"
                      href={comparePage(item.call_id, item.rerun_id)}
                      aria-label={`Compare ${shortId(item.call_id)} with ${shortId(item.rerun_id)}`}
                    >
                      Compare
                    </a>
                  </>
                )}
              </td>
              <td class="wide">{item.reason ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && items.length > shownAtFirst && (
        <div class="actions center">
          <button type="button" onClick={() => setAll(true)}>
            All {count(items.length)}
          </button>
        </div>
      )}
    </>
  );
}
