/** Steps that send calls and look at them. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { HttpClient } from '../rig/http-client.ts';
import {
  answererOf,
  echoOf,
  openSession,
  storedNow,
  windowOf,
  type Model,
  type ModelMessage,
} from './gateway-model.ts';
import { expectSession, step, type Real } from './step.ts';

export const agentName = fc.constantFrom('a', 'b', 'c', 'd');
export const sessionName = fc.constantFrom('s', 't');
export const promptText = fc.string({ minLength: 1, maxLength: 20 });

interface Asked {
  readonly name: string;
  readonly session: string | null;
  readonly prompt: string;
}
const asked = fc.record({ name: agentName, session: fc.option(sessionName), prompt: promptText });
const textOf = ({ name, session, prompt }: Asked): string =>
  `${name} in ${session ?? 'no session'}: ${JSON.stringify(prompt)}`;

export const call = asked.map((one) =>
  step(`call ${textOf(one)}`, (model, real) => callThrough(real.http, model, real, one)),
);

/** The facade that has the answer, and alone knows that the call has ended, is killed: the session must find out by itself. */
export const callAndKill = asked.map((one) =>
  step(`call through a facade that dies, ${textOf(one)}`, async (model, real) => {
    if (!real.mortal) return;
    const facade = await real.mortal();
    const agents = async (http: HttpClient) => (await http.get('/api/vps/agents')).body;
    await expect.poll(() => agents(facade.http)).toEqual(await agents(real.http));
    await callThrough(facade.http, model, real, one);
    facade.process.kill('SIGKILL');
    await facade.process.exited;
  }),
);

async function callThrough(
  http: HttpClient,
  model: Model,
  { own }: Real,
  { name, session, prompt }: Asked,
): Promise<void> {
  const { status, body } = await http.call({
    agent_name: own(name),
    prompt,
    ...(session !== null && { session_id: own(session) }),
  });
  if (!model.agents.has(name)) {
    expect(status).toBe(404);
    return;
  }
  expect(status).toBe(200);
  const before = session === null ? [] : (model.sessions.get(session)?.messages ?? []);
  const answerer = answererOf(model, name);
  const answer = answerer === undefined ? null : echoOf(prompt, windowOf(before) + 1);
  expect(body).toMatchObject({
    success: answerer !== undefined,
    agent_name: own(answerer ?? name),
    response: answer,
    session_stored: session === null ? null : true,
  });
  if (session === null) return;
  const life = openSession(model, session);
  life.messages.push({ role: 'user', content: prompt, agent: null, failed: answer === null });
  if (answer !== null && answerer !== undefined)
    life.messages.push({ role: 'assistant', content: answer, agent: own(answerer), failed: false });
  model.calls.push({ id: String(body.call_id), name: session, session: life, left: 'messages' });
}

export const lookUp = fc.nat().map((index) =>
  step(`look up the call ${index}`, async (model, { http }) => {
    const one = model.calls[index % model.calls.length];
    if (!one) return;
    const { status, body } = await http.get(`/api/vps/calls/${one.id}`);
    expect(status).toBe(200);
    expect(storedNow(model, one)).toContain(body.session_stored);
  }),
);

/** Starts a call that holds the turn of its session until `cancelHeld`. Resolves with its id once its agent was asked. */
export async function holdTurn({ http, gate, own }: Real, session: string, prompt: string): Promise<string> {
  await http.register(own('gate'), gate.port);
  const before = gate.requests.length;
  const request = { agent_name: own('gate'), prompt, session_id: own(session) };
  const { body } = await http.call(request, { Prefer: 'respond-async' });
  await gate.waitForRequests(before + 1);
  return String(body.call_id);
}

export const failed = (content: string): ModelMessage => ({
  role: 'user',
  content,
  agent: null,
  failed: true,
});

/** Cancels the call that holds the turn. It leaves its message, as failed. */
export async function cancelHeld(
  model: Model,
  real: Real,
  { id, session, prompt }: { id: string; session: string; prompt: string },
): Promise<void> {
  await cancelled(real, id);
  const life = openSession(model, session);
  life.messages.push(failed(prompt));
  model.calls.push({ id, name: session, session: life, left: 'messages' });
}

async function cancelled({ http }: Real, id: string): Promise<void> {
  const path = `/api/vps/calls/${id}`;
  expect((await http.post(`${path}/cancel`)).status).toBe(202);
  await expect.poll(async () => (await http.get(path)).body.status).toBe('cancelled');
}

export const cancel = fc.record({ session: sessionName, prompt: promptText }).map(({ session, prompt }) =>
  step(`call in ${session} and cancel: ${JSON.stringify(prompt)}`, async (model, real) => {
    const id = await holdTurn(real, session, prompt);
    await cancelHeld(model, real, { id, session, prompt });
  }),
);

/** A call that is cancelled while it waits for its turn leaves nothing. */
export const cancelWaiting = fc
  .record({ session: sessionName, prompt: promptText })
  .map(({ session, prompt }) =>
    step(`call twice in ${session} and cancel both: ${JSON.stringify(prompt)}`, async (model, real) => {
      const id = await holdTurn(real, session, prompt);
      const request = { agent_name: real.own('gate'), prompt: 'never', session_id: real.own(session) };
      const { body } = await real.http.call(request, { Prefer: 'respond-async' });
      const life = openSession(model, session);
      const waiting = String(body.call_id);
      await cancelled(real, waiting);
      model.calls.push({ id: waiting, name: session, session: life, left: 'nothing' });
      await expectSession(model, real, session);
      await cancelHeld(model, real, { id, session, prompt });
    }),
  );
