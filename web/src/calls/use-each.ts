import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallSummary } from '../../../src/contract/calls.ts';
import { asProblem, type Problem } from '../http.ts';

/** What has become of one call. */
export type Result = { readonly done: ComponentChildren } | { readonly problem: Problem };

const maxTries = 5;
const firstPauseMs = 500;

/** Does something with calls one after another; repeats it after a transient problem. `stop` ends it after the present call. */
export function useEach(work: (call: CallSummary) => Promise<ComponentChildren>) {
  const [results, setResults] = useState<ReadonlyMap<string, Result>>(new Map());
  const [working, setWorking] = useState(false);
  const stopped = useRef(false);
  useEffect(() => () => void (stopped.current = true), []);

  const isStopped = (): boolean => stopped.current;

  const start = async (calls: readonly CallSummary[]): Promise<void> => {
    stopped.current = false;
    setWorking(true);
    for (const call of calls) {
      if (isStopped()) break;
      const result = await resultOf(() => work(call), isStopped);
      setResults((before) => new Map([...before, [call.call_id, result]]));
    }
    setWorking(false);
  };
  const stop = (): void => void (stopped.current = true);
  return { results, working, start: (calls: readonly CallSummary[]) => void start(calls), stop };
}

async function resultOf(work: () => Promise<ComponentChildren>, isStopped: () => boolean): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return { done: await work() };
    } catch (error) {
      const problem = asProblem(error);
      if (!problem.transient || tried === maxTries || isStopped()) return { problem };
      await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** tried));
    }
  }
}
