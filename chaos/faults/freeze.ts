import { pause } from '../pause.ts';
import type { ClusterProduct } from '../product/cluster-product.ts';
import { namesOf, type Fault } from './fault.ts';

/**
 * Stops one of several workers (SIGSTOP) for longer than Temporal waits for its tasks and heartbeats, so that the other workers
 * must take over. After SIGCONT the worker continues with tasks that no longer belong to it.
 */
const freezeWorker: Fault<ClusterProduct> = ({ product, random }) => {
  const { process } = random.pick(product.workers);
  const ms = random.whole(10_000, 20_000);
  const { pid } = process;
  const at = Date.now();
  process.signal('SIGSTOP');
  return Promise.resolve({
    what: `SIGSTOP ${pid} for at least ${ms} ms`,
    at,
    touched: namesOf(product.facades),
    async afterwards() {
      await pause(at + ms - Date.now());
      process.signal('SIGCONT');
    },
  });
};

export const freezes = { 'freeze-worker': freezeWorker };
