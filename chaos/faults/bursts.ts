/**
 * Faults that must hit the few milliseconds in which a call is accepted. For each, a burst of calls is sent and something fails
 * during it.
 */
import { pause, until } from '../pause.ts';
import { newCallRequest } from '../load/new-call-request.ts';
import type { ProxiedProcess } from '../product/proxied-process.ts';
import type { Fault, FaultStage } from './fault.ts';

const burstCalls = 6;
/**
 * The latency of the proxy during a burst. It makes the time from the grant of a turn to the start of the call long enough for
 * a fault to hit it.
 */
const proxyLatencyMs = 15;

/**
 * Sends several calls to one facade at the same time, most of them in sessions. Resolves when their outcomes are known or
 * abandoned.
 */
async function burst(stage: FaultStage, facade: string, step: string): Promise<void> {
  const { calls, random } = stage;
  const requests = Array.from({ length: burstCalls }, () =>
    newCallRequest(stage, step, {
      agent: random.pick(['echo', 'echo', 'slow']),
      session: random.chance(0.85) ? stage.sessions.pick(random) : undefined,
    }),
  );
  await Promise.all(
    requests.map(async (request) => {
      await calls.send(request, { facade });
      // Some clients never come back: then the session must take a granted turn back by itself.
      if (random.chance(0.4)) request.abandoned = true;
      else await calls.retryUntilClear(request, random, 10_000);
    }),
  );
}

/**
 * Stops or kills a facade between the grant of a turn and the start of the call, three times in a row. From a random moment of
 * the burst, nothing that the facade sends reaches the Temporal server. Turns that it asked for before that moment are granted
 * and it gets the answers, but the requests that start the calls do not arrive until the facade has been killed or resumed.
 */
const turnGap: Fault = async (stage) => {
  const facade = stage.random.pick(stage.product.facades);
  const { proxy } = facade;
  const moments: number[] = [];
  const done: string[] = [];
  const bursts: Promise<void>[] = [];
  for (let round = 0; round < 3; round++) {
    await until(() => facade.process.ready, 30_000, 20);
    proxy.set({ kind: 'latency', ms: proxyLatencyMs });
    bursts.push(burst(stage, facade.name, 'turn-gap'));
    const afterMs = stage.random.whole(20, 200);
    await pause(afterMs);
    proxy.set({ kind: 'half_open', silent: 'up' });
    await pause(150);
    moments.push(Date.now());
    done.push(`${await interrupt(facade, stage)} after ${afterMs} ms`);
  }
  return {
    what: done.join(', '),
    at: Date.now(),
    touched: [facade.name],
    moments,
    settled: Promise.all(bursts),
  };
};

/** Kills the process or stops it for up to 12 s, then lets the traffic pass again. Returns what was done. */
async function interrupt({ process, proxy }: ProxiedProcess, { random }: FaultStage): Promise<string> {
  const kills = random.chance(0.5);
  const ms = kills ? 0 : random.pick([300, 2_000, 6_000, 12_000]);
  process.signal(kills ? 'SIGKILL' : 'SIGSTOP');
  await pause(ms);
  if (kills) proxy.cut();
  proxy.set({ kind: 'pass' });
  process.signal('SIGCONT');
  return kills ? 'SIGKILL' : `SIGSTOP for ${ms} ms`;
}

/**
 * Makes it unclear to a facade whether its calls were started: its requests reach the Temporal server, but the answers are
 * lost, and then the connection is cut.
 */
const lostStart: Fault = async (stage) => {
  const { name, proxy } = stage.random.pick(stage.product.facades);
  const beforeMs = stage.random.whole(0, 80);
  const silentMs = stage.random.pick([200, 1_000, 4_000, 7_000]);
  proxy.set({ kind: 'latency', ms: proxyLatencyMs });
  const settled = burst(stage, name, 'lost-start');
  await pause(beforeMs);
  proxy.set({ kind: 'half_open', silent: 'down' });
  await pause(silentMs);
  proxy.cut();
  proxy.set({ kind: 'pass' });
  const what = `answers to ${name} lost after ${beforeMs} ms, for ${silentMs} ms`;
  return { what, at: Date.now(), touched: [name], settled };
};

export const bursts = { 'turn-gap': turnGap, 'lost-start': lostStart };
