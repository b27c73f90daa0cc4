/** Removes sessions while calls use them: by a cleanup of all sessions, or by their deletion. */
import { newCallRequest } from '../load/new-call-request.ts';
import { cleanUpNow, removeSession } from '../load/removals.ts';
import { pause } from '../pause.ts';
import { everyFacade, type Fault, type FaultStage } from './fault.ts';

const sessionsAtOnce = 4;

/** Sends one short call after the other in a session, with idle moments in between, while `goesOn` returns true. */
async function useSession(stage: FaultStage, id: string, goesOn: () => boolean): Promise<void> {
  const { api, calls, random } = stage;
  while (goesOn()) {
    const request = newCallRequest(stage, 'in-use', {
      session: id,
      agent: random.pick(['echo', 'echo', 'slow']),
    });
    await calls.send(request, { facade: random.pick(api.facades), wait: random.chance(0.7) });
    await calls.retryUntilClear(request, random, 10_000);
    await pause(random.whole(0, 60));
  }
}

/** Uses some sessions and removes them several times, at moments before, during and between their calls. */
const whileInUse =
  (
    prefix: string,
    what: string,
    remove: (stage: FaultStage, ids: readonly string[]) => Promise<unknown>,
  ): Fault =>
  async (stage) => {
    const { random, sessions } = stage;
    const ids = Array.from({ length: sessionsAtOnce }, () => sessions.fresh(prefix));
    const rounds = random.whole(4, 8);
    let over = false;
    const used = Promise.all(
      ids.map((id) => useSession({ ...stage, random: random.fork(id) }, id, () => !over)),
    );
    try {
      for (let round = 0; round < rounds; round++) {
        await pause(random.whole(50, 600));
        await remove(stage, ids);
      }
    } finally {
      over = true;
    }
    return {
      what: `${rounds} ${what} ${ids.length} sessions in use`,
      at: Date.now(),
      touched: everyFacade(stage.product),
      settled: used,
    };
  };

const cleanup = whileInUse('cleaned', 'cleanups beside', (stage) =>
  Promise.all(
    // Sometimes through all facades at once.
    (stage.random.chance(0.3) ? stage.api.facades : [stage.random.pick(stage.api.facades)]).map((facade) =>
      cleanUpNow(stage, facade),
    ),
  ),
);

const deletion = whileInUse('deleted-in-use', 'rounds of deletions of', (stage, ids) => {
  const { api, random } = stage;
  const some = random.shuffled(ids).slice(0, random.whole(1, ids.length));
  return Promise.all(
    some.map((id) => removeSession(stage, random.pick(api.facades), id, random.chance(0.4))),
  );
});

export const removals = { 'cleanup-in-use': cleanup, 'delete-in-use': deletion };
