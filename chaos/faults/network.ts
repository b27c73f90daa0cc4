/** Faults of the network between the processes, and between workers and agents. */
import { pause } from '../pause.ts';
import type { ProxyMode, TcpProxy } from '../proxy/tcp-proxy.ts';
import type { ProxiedProcess } from '../product/proxied-process.ts';
import type { Product } from '../product/product.ts';
import type { Random } from '../random.ts';
import { namesOf, type Fault, type FaultStage } from './fault.ts';

/** Puts several proxies of one kind into one bad mode for a while. */
export const badNetwork =
  <P extends Product>(which: string, proxiesOf: (stage: FaultStage<P>) => readonly TcpProxy[]): Fault<P> =>
  async (stage) => {
    const { random } = stage;
    const proxies = proxiesOf(stage);
    const mode = pickMode(random);
    const ms = random.whole(1_500, 7_000);
    const open = proxies.reduce((sum, proxy) => sum + proxy.open, 0);
    for (const proxy of proxies) proxy.set(mode);
    await pause(ms);
    // Half of the time held bytes are delivered, as after packet loss; half of the time all connections are cut, as after a
    // change of route.
    const cut = random.chance(0.5);
    for (const proxy of proxies) {
      proxy.set({ kind: 'pass' });
      if (cut) proxy.cut();
    }
    const what = `${which}, ${open} connections: ${describe(mode)} for ${ms} ms${cut ? ', then cut' : ''}`;
    return { what, at: Date.now(), touched: namesOf(stage.product.facades) };
  };

function pickMode(random: Random): ProxyMode {
  return random.pick<() => ProxyMode>([
    () => ({ kind: 'latency', ms: random.whole(50, 800) }),
    () => ({ kind: 'reset' }),
    () => ({ kind: 'half_open', silent: random.pick(['up', 'down'] as const) }),
    () => ({ kind: 'slow_close', ms: random.whole(500, 3_000) }),
    () => ({ kind: 'blackhole' }),
  ])();
}

function describe(mode: ProxyMode): string {
  return Object.values(mode).join(' ');
}

function someAgents({ testAgents, random }: FaultStage): TcpProxy[] {
  const { echo, slow, flaky, leaky, bounded, wordy } = testAgents.agents; // `down` never answers anyway.
  return random
    .shuffled([echo, slow, flaky, leaky, bounded, wordy])
    .slice(0, random.whole(1, 4))
    .map((agent) => agent.proxy);
}

const one = (processes: readonly ProxiedProcess[], random: Random): TcpProxy[] => [
  random.pick(processes).proxy,
];

export const networks = {
  'net-facade': badNetwork('facade <-> server', ({ product, random }) => one(product.facades, random)),
  'net-worker': badNetwork('worker <-> server', ({ product, random }) => one(product.workers, random)),
  'net-agents': badNetwork('workers <-> agents', someAgents),
};
