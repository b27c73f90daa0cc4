import { pause } from '../pause.ts';
import type { Cluster } from '../product/cluster.ts';
import { namesOf, type Fault } from './fault.ts';

/**
 * One worker of several holds still for longer than anything waits for it: the others must take over while it does. Then it
 * wakes up and goes on with what is no longer its own.
 */
const freezeWorker: Fault<Cluster> = ({ product, random }) => {
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
