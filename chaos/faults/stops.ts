/** Stops processes for a while (SIGSTOP), as a long garbage collection or an overcommitted machine would. */
import { pause } from '../pause.ts';
import { everyFacade, namesOf, type Fault } from './fault.ts';

const stop =
  (role: 'facades' | 'workers', longestMs: number): Fault =>
  async ({ product, random }) => {
    const ms = random.whole(1_000, longestMs);
    const { process } = random.pick(product[role]);
    const { pid } = process;
    const stoppedAt = Date.now();
    process.signal('SIGSTOP');
    await pause(ms);
    process.signal('SIGCONT');
    const touched = namesOf(product.facades);
    return { what: `SIGSTOP ${pid} for ${ms} ms`, at: Date.now(), touched, moments: [stoppedAt] };
  };

const stopServer: Fault = async ({ product, random }) => {
  const ms = random.whole(1_000, 6_000);
  const pid = await product.signalTemporal('SIGSTOP');
  await pause(ms);
  await product.signalTemporal('SIGCONT');
  return { what: `SIGSTOP ${pid} for ${ms} ms`, at: Date.now(), touched: everyFacade(product) };
};

export const stops = {
  'stop-facade': stop('facades', 14_000),
  // May exceed the heartbeat timeout: Temporal then retries its activities elsewhere before it wakes up.
  'stop-worker': stop('workers', 10_000),
  'stop-temporal': stopServer,
};
