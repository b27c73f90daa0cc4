/** The faults that can be injected into every product. */
import { bursts } from './bursts.ts';
import { clocks } from './clocks.ts';
import { disks } from './disk.ts';
import { endingGaps } from './ending-gap.ts';
import { kills } from './kills.ts';
import { networks } from './network.ts';
import { removals } from './removals.ts';
import { stops } from './stops.ts';

export const common = {
  ...kills,
  ...stops,
  ...networks,
  ...bursts,
  ...endingGaps,
  ...disks,
  ...removals,
  ...clocks,
};
