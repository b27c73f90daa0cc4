/** Processes that hold still for a while, as in a long collection or on an overcommitted machine. */
import { pause } from '../pause.ts';
import { bothFacades, type Fault } from './fault.ts';

const stop =
  (name: 'facade' | 'worker', longestMs: number): Fault =>
  async ({ cluster, random }) => {
    const ms = random.whole(1_000, longestMs);
    const { pid } = cluster[name];
    const stoppedAt = Date.now();
    cluster[name].signal('SIGSTOP');
    await pause(ms);
    cluster[name].signal('SIGCONT');
    return { what: `SIGSTOP ${pid} for ${ms} ms`, at: Date.now(), touched: ['facade'], moments: [stoppedAt] };
  };

const stopServer: Fault = async ({ cluster, random }) => {
  const ms = random.whole(1_000, 6_000);
  const pid = await cluster.serverPid();
  process.kill(pid, 'SIGSTOP');
  await pause(ms);
  process.kill(pid, 'SIGCONT');
  return { what: `SIGSTOP ${pid} for ${ms} ms`, at: Date.now(), touched: bothFacades };
};

export const stops = {
  'stop-facade': stop('facade', 14_000),
  // Longer than a heartbeat timeout: what it was doing is done again elsewhere, and then it wakes up.
  'stop-worker': stop('worker', 10_000),
  'stop-temporal': stopServer,
};
