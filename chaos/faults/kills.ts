/** Processes that end: at once by SIGKILL, or in order by SIGTERM. */
import { processesOf, type Cluster, type FacadeName } from '../product/cluster.ts';
import { bothFacades, type Done, type Fault } from './fault.ts';

const now = (what: string, touched: readonly FacadeName[]): Done => ({ what, at: Date.now(), touched });

const kill =
  (name: 'node' | 'facade' | 'worker', touched: readonly FacadeName[]): Fault =>
  ({ cluster }) => {
    const { pid } = cluster[name];
    cluster[name].signal('SIGKILL');
    return Promise.resolve(now(`kill -9 ${pid}`, touched));
  };

/** The node starts it again, at most five times a minute. */
const killServer: Fault = async ({ cluster }) => {
  const pid = await cluster.serverPid();
  process.kill(pid, 'SIGKILL');
  return now(`kill -9 ${pid}`, bothFacades);
};

const killAll: Fault = async ({ cluster }) => {
  const serverPid = await cluster.serverPid();
  const pids = processesOf(cluster).map(({ pid }) => pid);
  for (const one of processesOf(cluster)) one.signal('SIGKILL');
  killIfThere(serverPid); // Its watcher may have been quicker.
  return now(`kill -9 ${[...pids, serverPid].join(' ')}`, bothFacades);
};

const restart =
  (name: keyof Pick<Cluster, 'facade' | 'worker'>): Fault =>
  ({ cluster }) => {
    const { pid } = cluster[name];
    cluster[name].signal('SIGTERM');
    return Promise.resolve(now(`SIGTERM ${pid}`, ['facade']));
  };

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

export const kills = {
  'kill-facade': kill('facade', ['facade']),
  'kill-worker': kill('worker', ['facade']),
  'kill-temporal': killServer,
  'kill-node': kill('node', bothFacades),
  'kill-all': killAll,
  'term-facade': restart('facade'),
  'term-worker': restart('worker'),
};
