/** All kinds of faults, and in what order a seed lets them happen. */
import type { Random } from '../random.ts';
import { bursts } from './bursts.ts';
import { clocks } from './clocks.ts';
import { disks } from './disk.ts';
import type { Fault } from './fault.ts';
import { kills } from './kills.ts';
import { networks } from './network.ts';
import { removals } from './removals.ts';
import { stops } from './stops.ts';

const faults = { ...kills, ...stops, ...networks, ...bursts, ...disks, ...removals, ...clocks };

export type FaultKind = keyof typeof faults;

export const faultKinds = Object.keys(faults) as FaultKind[];

export function faultOf(kind: FaultKind): Fault {
  return faults[kind];
}

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(faults, text);
}

/** For ever: every kind once in each round, the order of a round by the seed. */
export function* schedule(kinds: readonly FaultKind[], random: Random): Generator<FaultKind, never> {
  for (;;) yield* random.shuffled(kinds);
}
