/** Bad networks between the processes, and between workers and agents. */
import { pause } from '../pause.ts';
import type { ProxyMode, TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Random } from '../random.ts';
import type { Fault, FaultStage } from './fault.ts';

const badNetwork =
  (which: string, roadsOf: (stage: FaultStage) => readonly TcpProxy[]): Fault =>
  async (stage) => {
    const { random } = stage;
    const roads = roadsOf(stage);
    const mode = pickMode(random);
    const ms = random.whole(1_500, 7_000);
    const open = roads.reduce((sum, road) => sum + road.open, 0);
    for (const road of roads) road.set(mode);
    await pause(ms);
    // Half of the time it comes back as after lost packets, half of the time as after a new route: all is cut.
    const cut = random.chance(0.5);
    for (const road of roads) {
      road.set({ kind: 'pass' });
      if (cut) road.cut();
    }
    const what = `${which}, ${open} connections: ${describe(mode)} for ${ms} ms${cut ? ', then cut' : ''}`;
    return { what, at: Date.now(), touched: ['facade'] };
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

function someAgents({ cast, random }: FaultStage): TcpProxy[] {
  const { echo, slow, flaky, leaky, bounded, wordy } = cast.agents; // Down is down for good.
  return random
    .shuffled([echo, slow, flaky, leaky, bounded, wordy])
    .slice(0, random.whole(1, 4))
    .map((agent) => agent.road);
}

export const networks = {
  'net-facade': badNetwork('facade <-> server', ({ cluster }) => [cluster.facadeRoad]),
  'net-worker': badNetwork('worker <-> server', ({ cluster }) => [cluster.workerRoad]),
  'net-agents': badNetwork('workers <-> agents', someAgents),
};
