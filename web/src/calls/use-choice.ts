import { useRef, useState } from 'preact/hooks';
import type { CallSummary } from '../../../src/contract/calls.ts';

/** The calls that were chosen in the list. */
export interface Choice {
  /** By call id, in the order of the list. */
  readonly chosen: ReadonlyMap<string, CallSummary>;
  /** Whether all calls that are shown are chosen. */
  readonly isAll: boolean;
  /** Chooses a call, or no longer. `range`: and all calls from the one that was toggled last to this one. */
  readonly toggle: (id: string, range: boolean) => void;
  readonly toggleAll: () => void;
  readonly clear: () => void;
}

/**
 * Which of the shown calls are chosen. A chosen call that the live list no longer shows stays chosen. `key` tells the list from
 * others: in another one, nothing is chosen.
 */
export function useChoice(calls: readonly CallSummary[], key: string): Choice {
  const [held, setHeld] = useState<{ key: string; chosen: ReadonlyMap<string, CallSummary> }>();
  const last = useRef<string | undefined>(undefined);
  const before = held?.key === key ? held.chosen : undefined;
  const shown = new Map(calls.map((call) => [call.call_id, call]));
  const all = [...shown.values(), ...[...(before?.values() ?? [])].filter((one) => !shown.has(one.call_id))];
  const chosen = new Map(all.filter((call) => before?.has(call.call_id)).map((call) => [call.call_id, call]));
  const isAll = calls.length > 0 && calls.every((call) => chosen.has(call.call_id));
  const set = (ids: Iterable<string>, choose: boolean): void => {
    const next = new Map(chosen);
    for (const id of ids) {
      const call = shown.get(id);
      if (!choose) next.delete(id);
      else if (call) next.set(id, call);
    }
    setHeld({ key, chosen: next });
  };
  const toggle = (id: string, range: boolean): void => {
    const ids = [...shown.keys()];
    const [from, to] = [ids.indexOf(last.current ?? ''), ids.indexOf(id)].sort((a, b) => a - b);
    const isRange = range && from !== undefined && from >= 0 && to !== undefined;
    set(isRange ? ids.slice(from, to + 1) : [id], !chosen.has(id));
    last.current = id;
  };
  return {
    chosen,
    isAll,
    toggle,
    toggleAll: () => set(shown.keys(), !isAll),
    clear: () => setHeld(undefined),
  };
}
