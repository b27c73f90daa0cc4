import { useState } from 'preact/hooks';
import type { Delivery } from '../../../src/contract/webhooks.ts';
import { api } from '../api.ts';
import { asProblem, type Problem } from '../http.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { useRepeated } from '../live/use-repeated.ts';

const refreshMs = 5_000;

/** What is known of the log, newest first. */
interface Log {
  /** The webhook and the outcome that this is about. */
  readonly of: string;
  readonly deliveries: readonly Delivery[];
  /** Where the next older page ends; null after the last one. */
  readonly nextBefore: string | null;
}

/** The tries of a webhook, updated every 5 s. Each `loadOlder` adds a page of older ones. */
export function useDeliveries(id: string, outcome: Delivery['outcome'] | undefined) {
  const of = `${id} ${outcome ?? ''}`;
  const [log, setLog] = useState<Log>();
  const [older, setOlder] = useState<{ readonly busy: boolean; readonly problem?: Problem }>({ busy: false });
  const { problem, reload } = useLoaded(of, async () => {
    const { deliveries, next_before: nextBefore } = await api.deliveries(id, outcome);
    setLog((before) => withNewest(before, { of, deliveries, nextBefore }));
  });
  useRepeated(refreshMs, reload);
  const current = log?.of === of ? log : undefined;

  const loadOlder = async (before: string): Promise<void> => {
    setOlder({ busy: true });
    try {
      const page = await api.deliveries(id, outcome, before);
      setLog((known) => {
        if (known?.of !== of || known.nextBefore !== before) return known;
        const deliveries = [...known.deliveries, ...unknownTo(known.deliveries, page.deliveries)];
        return { of, deliveries, nextBefore: page.next_before };
      });
      setOlder({ busy: false });
    } catch (error) {
      setOlder({ busy: false, problem: asProblem(error) });
    }
  };
  return { log: current, problem: problem ?? older.problem, reload, busy: older.busy, loadOlder };
}

/** Adds the newest page to what is known. If something may be missing between them, only the newest page counts. */
function withNewest(known: Log | undefined, newest: Log): Log {
  const added = unknownTo(known?.deliveries ?? [], newest.deliveries);
  const isGap = newest.deliveries.length > 0 && added.length === newest.deliveries.length;
  if (known?.of !== newest.of || isGap) return newest;
  return { ...known, deliveries: [...added, ...known.deliveries] };
}

function unknownTo(known: readonly Delivery[], page: readonly Delivery[]): Delivery[] {
  const keys = new Set(known.map(deliveryKey));
  return page.filter((one) => !keys.has(deliveryKey(one)));
}

/** What distinguishes a try from all others. */
export const deliveryKey = ({ event_id: id, at, tries, outcome }: Delivery): string =>
  [id, at, tries, outcome].join(' ');
