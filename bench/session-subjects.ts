/** The subjects that use sessions as people do: with time to think between the turns, or all of them in one session. */
import { setTimeout as pass } from 'node:timers/promises';
import { call } from './http.ts';
import { runLanes } from './lanes.ts';
import { ofNode, toldAfterMs } from './node-subjects.ts';
import type { Product } from './product.ts';
import { thinkingMs } from './row-names.ts';
import type { Subject } from './subject.ts';

const warmUpLanes = 16;

/**
 * Measures calls in sessions that rest for 10 s between two turns. Each call is in another session, the one that has rested
 * longest, so that many sessions think at the same time. What the node does for a call after its answer is a cost of the row.
 * `sessions` is the number of calls of a round.
 */
export function thinkingSubject(product: Product, sessions: number): Subject {
  const resting = Array.from({ length: sessions }, (_, index) => ({
    session_id: `bench-thinking-${index}`,
    restedAt: 0,
  }));
  const run: Subject['run'] = async (calls, parallel) => {
    const next = resting.splice(0, calls);
    await pass(Math.max(0, ...next.map(({ restedAt }) => restedAt - performance.now())));
    const turn = async (): Promise<void> => {
      const session = next.shift();
      if (!session) throw new Error(`A round has more than ${sessions} calls`);
      await call(product.url, { agent_name: 'quick', session_id: session.session_id });
      resting.push({ ...session, restedAt: performance.now() + thinkingMs });
    };
    return runLanes(turn, calls, parallel);
  };
  return {
    ...ofNode(product, 'session-thinking'),
    run,
    onlyConcurrent: true,
    afterwards: { ms: toldAfterMs, isCost: true },
    async warmUp() {
      await run(sessions, warmUpLanes);
    },
  };
}

/** Measures calls of which all lanes use the same session, so that each waits for those before it. */
export function hotSessionSubject(product: Product): Subject {
  return {
    ...ofNode(product, 'session-hot'),
    run: (calls, parallel) =>
      runLanes(() => call(product.url, { agent_name: 'quick', session_id: 'bench-hot' }), calls, parallel),
    onlyConcurrent: true,
    afterwards: { ms: toldAfterMs, isCost: false },
  };
}
