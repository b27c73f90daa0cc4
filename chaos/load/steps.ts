/** The steps of the load that send calls. No step waits for long or throws, so that the lanes continue through every fault. */
import type { AgentName } from '../agents/test-agents.ts';
import { pause } from '../pause.ts';
import type { Journal } from './journal.ts';
import { register } from './registrations.ts';
import { newCallRequest } from './new-call-request.ts';
import type { Stage } from './stage.ts';
import { callIdOf, outcomeOf, type CallRequest } from './call-request.ts';

/** One step of a lane: something that a client may do. */
export type Step = (stage: Stage) => Promise<void>;

const followUpMs = 12_000;

const waited: Step = async (stage) => {
  const { api, calls, random } = stage;
  const request = newCallRequest(stage, 'waited');
  await calls.send(request, { facade: random.pick(api.facades), wait: true });
  await calls.retryUntilClear(request, random, followUpMs);
};

const async: Step = async (stage) => {
  const { api, calls, random } = stage;
  const request = newCallRequest(stage, 'async');
  await calls.send(request, { facade: random.pick(api.facades) });
  await calls.retryUntilClear(request, random, followUpMs);
  if (random.chance(0.5) && outcomeOf(request) === 'accepted') await calls.awaitEnd(request, random, 5_000);
};

/** Sends the same call, with the same Idempotency-Key, to all facades at the same time. */
const twins: Step = async (stage) => {
  const { api, calls, random } = stage;
  const request = newCallRequest(stage, 'twins');
  await Promise.all(api.facades.map((facade) => calls.send(request, { facade, wait: random.chance(0.5) })));
  await calls.retryUntilClear(request, random, followUpMs);
};

/**
 * Returns recently accepted calls, except those of deleted sessions: a repeat of such a call would create the session again.
 */
function recentlyAccepted({ requests }: Journal): CallRequest[] {
  return requests
    .slice(-80)
    .filter(
      (request) => outcomeOf(request) === 'accepted' && !request.body.session_id?.startsWith('deleted'),
    );
}

/** Sends a call that was accepted some time ago again, with the same Idempotency-Key. */
const repeat: Step = async (stage) => {
  const { api, calls, journal, random } = stage;
  const earlier = recentlyAccepted(journal);
  if (earlier.length === 0) return;
  const request = random.pick(earlier);
  const { outcome } = await calls.send(request, {
    facade: random.pick(api.facades),
    wait: random.chance(0.5),
  });
  // This node may have had no other client waiting for the call, so the lost connection may have cancelled it.
  if (request.body.on_disconnect === 'cancel' && outcome === 'unclear') request.cancelAsked = true;
};

/** Sends another body with the Idempotency-Key of an accepted call. It must be refused. */
const mismatch: Step = async ({ api, journal, random }) => {
  const earlier = recentlyAccepted(journal).filter((request) => request.rerunOf === undefined);
  if (earlier.length === 0) return;
  const { key, body, number } = random.pick(earlier);
  const answer = await api.send(random.pick(api.facades), 'POST', '/api/vps/call', {
    body: { ...body, prompt: `${body.prompt} but different` },
    headers: { 'Idempotency-Key': key, Prefer: 'respond-async' },
  });
  if (answer && answer.status < 300)
    journal.recordViolation('I1 I2', `#${number}: its key was accepted with another body (${answer.status})`);
};

const cancel: Step = async (stage) => {
  const { api, calls, random } = stage;
  const request = newCallRequest(stage, 'cancel', { agent: random.pick(['slow', 'slow', 'echo', 'flaky']) });
  await calls.send(request, { facade: random.pick(api.facades) });
  const callId = callIdOf(request);
  if (callId === undefined) return;
  await pause(random.whole(0, 2_000));
  request.cancelAsked = true;
  await api.send(random.pick(api.facades), 'POST', `/api/vps/calls/${callId}/cancel`);
  if (random.chance(0.5)) await calls.awaitEnd(request, random, 5_000);
};

/** Plays a client that disconnects. Its call is then cancelled (`on_disconnect: "cancel"`). */
const disconnect: Step = async (stage) => {
  const { api, calls, random } = stage;
  const request = newCallRequest(stage, 'disconnect', { agent: 'slow', cancelOnDisconnect: true });
  request.cancelAsked = true;
  await calls.send(request, {
    facade: random.pick(api.facades),
    wait: true,
    timeoutMs: random.whole(50, 1_500),
  });
  if (random.chance(0.5)) await calls.retryUntilClear(request, random, followUpMs);
};

/**
 * Plays a client whose first connection breaks while a second one is already waiting: the call continues for the second one.
 */
const reconnect: Step = async (stage) => {
  const { api, calls, random } = stage;
  const request = newCallRequest(stage, 'reconnect', { agent: 'slow', cancelOnDisconnect: true });
  const facade = random.pick(api.facades); // A facade knows only the clients that wait at itself.
  const first = calls.send(request, { facade, wait: true, timeoutMs: random.whole(200, 900) });
  await pause(random.whole(0, 150));
  const second = await calls.send(request, { facade, wait: true, timeoutMs: 30_000 });
  if (second.outcome !== 'accepted') request.cancelAsked = true; // No client waits any more.
  await first;
  await calls.retryUntilClear(request, random, followUpMs);
};

const rerun: Step = async (stage) => {
  const { api, calls, journal, random } = stage;
  const earlier = recentlyAccepted(journal).filter((request) => request.endings.length > 0);
  if (earlier.length === 0) return;
  const request = journal.addRequest(
    'rerun',
    { agent_name: '', deadline_seconds: 0 },
    { rerunOf: random.pick(earlier) },
  );
  await calls.send(request, { facade: random.pick(api.facades) });
  await calls.retryUntilClear(request, random, followUpMs);
};

const registration: Step = async (stage) => {
  const { api, random } = stage;
  await register(
    stage,
    random.pick(api.facades),
    random.pick<AgentName>(['echo', 'slow', 'flaky', 'bounded']),
  );
};

/** Registers an agent for one call and removes it while the call may still run. */
const passing: Step = async (stage) => {
  const { api, calls, journal, random } = stage;
  const name = `passing-${journal.requests.length}`;
  const facade = random.pick(api.facades);
  if ((await register(stage, facade, 'echo', name))?.status !== 201) return;
  const request = newCallRequest(stage, 'passing', { agent: name });
  await calls.send(request, { facade, wait: random.chance(0.5) });
  await api.send(random.pick(api.facades), 'DELETE', `/api/vps/agents/${name}`);
  await calls.retryUntilClear(request, random, followUpMs);
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
