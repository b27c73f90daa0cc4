import type { Load } from '../../src/platform/metrics.ts';

/** The load of a process that does nothing and knows no agents. */
export const noLoad: Load = {
  callsInFlight: () => 0,
  startsWaiting: () => 0,
  asksInFlight: () => 0,
  turnsQueued: () => 0,
  watches: () => 0,
  clockSkewMs: () => 0,
  agents: { isRegistered: () => false, names: () => [], revision: 0 },
};
