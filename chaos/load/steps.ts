/** What a client may do, one step each. Nothing here waits for long or throws: the lanes go on through every fault. */
import type { AgentName } from '../agents/test-agents.ts';
import { pause } from '../pause.ts';
import type { Journal } from './journal.ts';
import { register } from './registrations.ts';
import { newWish } from './new-wish.ts';
import type { Stage } from './stage.ts';
import { callIdOf, outcomeOf, type Wish } from './wish.ts';

export type Step = (stage: Stage) => Promise<void>;

const followUpMs = 12_000;

const waited: Step = async (stage) => {
  const { api, calls, random } = stage;
  const wish = newWish(stage, 'waited');
  await calls.send(wish, { facade: random.pick(api.facades), wait: true });
  await calls.pursue(wish, random, followUpMs);
};

const async: Step = async (stage) => {
  const { api, calls, random } = stage;
  const wish = newWish(stage, 'async');
  await calls.send(wish, { facade: random.pick(api.facades) });
  await calls.pursue(wish, random, followUpMs);
  if (random.chance(0.5) && outcomeOf(wish) === 'accepted') await calls.awaitEnd(wish, random, 5_000);
};

/** One key at all facades at the same time. */
const twins: Step = async (stage) => {
  const { api, calls, random } = stage;
  const wish = newWish(stage, 'twins');
  await Promise.all(api.facades.map((facade) => calls.send(wish, { facade, wait: random.chance(0.5) })));
  await calls.pursue(wish, random, followUpMs);
};

/** Lately accepted calls. Those of deleted sessions are left out: a repeat would begin the session anew. */
function lately({ wishes }: Journal): Wish[] {
  return wishes
    .slice(-80)
    .filter((wish) => outcomeOf(wish) === 'accepted' && !wish.body.session_id?.startsWith('deleted'));
}

/** The key of a call that was accepted some time ago. */
const repeat: Step = async (stage) => {
  const { api, calls, journal, random } = stage;
  const earlier = lately(journal);
  if (earlier.length === 0) return;
  const wish = random.pick(earlier);
  const { outcome } = await calls.send(wish, { facade: random.pick(api.facades), wait: random.chance(0.5) });
  // At a node that knows of nobody else who waits.
  if (wish.body.on_disconnect === 'cancel' && outcome === 'unclear') wish.cancelAsked = true;
};

/** The key of an accepted call with another body. */
const mismatch: Step = async ({ api, journal, random }) => {
  const earlier = lately(journal).filter((wish) => wish.rerunOf === undefined);
  if (earlier.length === 0) return;
  const { key, body, number } = random.pick(earlier);
  const answer = await api.send(random.pick(api.facades), 'POST', '/api/vps/call', {
    body: { ...body, prompt: `${body.prompt} but different` },
    headers: { 'Idempotency-Key': key, Prefer: 'respond-async' },
  });
  if (answer && answer.status < 300)
    journal.odd('I1 I2', `#${number}: its key was taken with another body (${answer.status})`);
};

const cancel: Step = async (stage) => {
  const { api, calls, random } = stage;
  const wish = newWish(stage, 'cancel', { agent: random.pick(['slow', 'slow', 'echo', 'flaky']) });
  await calls.send(wish, { facade: random.pick(api.facades) });
  const callId = callIdOf(wish);
  if (callId === undefined) return;
  await pause(random.whole(0, 2_000));
  wish.cancelAsked = true;
  await api.send(random.pick(api.facades), 'POST', `/api/vps/calls/${callId}/cancel`);
  if (random.chance(0.5)) await calls.awaitEnd(wish, random, 5_000);
};

/** A client that goes away, and whose call is to be cancelled then. */
const disconnect: Step = async (stage) => {
  const { api, calls, random } = stage;
  const wish = newWish(stage, 'disconnect', { agent: 'slow', cancelOnDisconnect: true });
  wish.cancelAsked = true;
  await calls.send(wish, {
    facade: random.pick(api.facades),
    wait: true,
    timeoutMs: random.whole(50, 1_500),
  });
  if (random.chance(0.5)) await calls.pursue(wish, random, followUpMs);
};

/** A client whose first connection breaks as its second one waits already: the call goes on for that. */
const reconnect: Step = async (stage) => {
  const { api, calls, random } = stage;
  const wish = newWish(stage, 'reconnect', { agent: 'slow', cancelOnDisconnect: true });
  const facade = random.pick(api.facades); // Each knows those that wait at itself.
  const first = calls.send(wish, { facade, wait: true, timeoutMs: random.whole(200, 900) });
  await pause(random.whole(0, 150));
  const second = await calls.send(wish, { facade, wait: true, timeoutMs: 30_000 });
  if (second.outcome !== 'accepted') wish.cancelAsked = true; // Nobody waits any more.
  await first;
  await calls.pursue(wish, random, followUpMs);
};

const rerun: Step = async (stage) => {
  const { api, calls, journal, random } = stage;
  const earlier = lately(journal).filter((wish) => wish.endings.length > 0);
  if (earlier.length === 0) return;
  const wish = journal.wish(
    'rerun',
    { agent_name: '', deadline_seconds: 0 },
    { rerunOf: random.pick(earlier) },
  );
  await calls.send(wish, { facade: random.pick(api.facades) });
  await calls.pursue(wish, random, followUpMs);
};

const registration: Step = async (stage) => {
  const { api, random } = stage;
  await register(
    stage,
    random.pick(api.facades),
    random.pick<AgentName>(['echo', 'slow', 'flaky', 'bounded']),
  );
};

/** An agent that is there for one call. */
const passing: Step = async (stage) => {
  const { api, calls, journal, random } = stage;
  const name = `passing-${journal.wishes.length}`;
  const facade = random.pick(api.facades);
  if ((await register(stage, facade, 'echo', name))?.status !== 201) return;
  const wish = newWish(stage, 'passing', { agent: name });
  await calls.send(wish, { facade, wait: random.chance(0.5) });
  await api.send(random.pick(api.facades), 'DELETE', `/api/vps/agents/${name}`);
  await calls.pursue(wish, random, followUpMs);
};

export const callSteps = {
  waited,
  async,
  twins,
  repeat,
  mismatch,
  cancel,
  disconnect,
  reconnect,
  rerun,
  registration,
  passing,
};
