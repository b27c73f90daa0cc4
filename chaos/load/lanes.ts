/** The mixed load: closed loops (lanes), each of which does one step after the other. */
import { pause } from '../pause.ts';
import { sessionSteps } from './session-steps.ts';
import type { Stage } from './stage.ts';
import { callSteps } from './steps.ts';

const steps = { ...callSteps, ...sessionSteps };

/** How often each step is chosen, relative to the others. */
const weights: Record<keyof typeof steps, number> = {
  waited: 24,
  async: 24,
  twins: 6,
  repeat: 8,
  mismatch: 2,
  cancel: 8,
  disconnect: 3,
  reconnect: 2,
  rerun: 2,
  registration: 4,
  passing: 2,
  deletion: 3,
  importing: 2,
  reading: 4,
  readingBack: 8,
  cleanup: 0.5,
};

/** A running load. */
export interface Load {
  /** Whether a lane has thrown. None should, so the run has to be ended. */
  readonly failed: boolean;
  /** Resolves when every lane has finished its current step. Rejects with the error of a lane that has thrown. */
  stop(): Promise<void>;
}

/** Starts `lanes` closed loops, which run until `stop`. */
export function startLoad(stage: Stage, lanes: number): Load {
  let stopping = false;
  const failures: unknown[] = [];
  const lane = async (index: number): Promise<void> => {
    const random = stage.random.fork(`lane ${index}`);
    while (!stopping) {
      await steps[random.weighted(weights)]({ ...stage, random });
      await pause(random.whole(20, 300));
    }
  };
  const all = Promise.all(
    Array.from({ length: lanes }, (_, index) =>
      lane(index).catch((error: unknown) => {
        failures.push(error);
      }),
    ),
  );
  return {
    get failed() {
      return failures.length > 0;
    },
    async stop() {
      stopping = true;
      await all;
      if (failures.length > 0) throw failures[0];
    },
  };
}
