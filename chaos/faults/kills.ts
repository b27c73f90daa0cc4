/** Faults that end processes: at once by SIGKILL, or gracefully by SIGTERM. */
import { everyFacade, namesOf, type Done, type Fault } from './fault.ts';

const now = (what: string, touched: readonly string[]): Done => ({ what, at: Date.now(), touched });

const end =
  (role: 'facades' | 'workers', signal: 'SIGKILL' | 'SIGTERM'): Fault =>
  ({ product, random }) => {
    const { name, process } = random.pick(product[role]);
    const { pid } = process;
    process.signal(signal);
    const what = signal === 'SIGKILL' ? `kill -9 ${pid}` : `SIGTERM ${pid}`;
    return Promise.resolve(now(what, role === 'facades' ? [name] : namesOf(product.facades)));
  };

const killServer: Fault = async ({ product }) => ({
  ...now(`kill -9 ${await product.signalTemporal('SIGKILL')}`, everyFacade(product)),
  endedServers: true,
});

const killAll: Fault = async ({ product }) => ({
  ...now(await product.killAll(), everyFacade(product)),
  endedServers: true,
});

export const kills = {
  'kill-facade': end('facades', 'SIGKILL'),
  'kill-worker': end('workers', 'SIGKILL'),
  'kill-temporal': killServer,
  'kill-all': killAll,
  'term-facade': end('facades', 'SIGTERM'),
  'term-worker': end('workers', 'SIGTERM'),
};
