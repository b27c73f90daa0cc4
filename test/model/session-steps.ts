/** Steps that read, remove, export and import sessions. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Json } from '../rig/http-client.ts';
import { cancelHeld, holdTurn, promptText, sessionName } from './call-steps.ts';
import { openSession, type Model } from './gateway-model.ts';
import { expectSession, step, type Real } from './step.ts';

export const read = sessionName.map((session) =>
  step(`read ${session}`, (model, real) => expectSession(model, real, session)),
);

export const forget = sessionName.map((session) =>
  step(`delete ${session}`, async (model, real) => {
    const { status } = await real.http.delete(`/api/vps/sessions/${real.own(session)}`);
    expect(status).toBe(model.sessions.delete(session) ? 204 : 404);
    await expectSession(model, real, session);
  }),
);

/** A session that is deleted while a call of it runs does not come back by the ending of that call. */
export const forgetDuringCall = sessionName.map((session) =>
  step(`delete ${session} during a call`, async (model, real) => {
    const { http, gate, open, own } = real;
    await http.register(own('gate'), gate.port);
    const before = gate.requests.length;
    const answer = http.call({ agent_name: own('gate'), prompt: 'late', session_id: own(session) });
    await gate.waitForRequests(before + 1);
    const life = openSession(model, session);
    expect((await http.delete(`/api/vps/sessions/${own(session)}`)).status).toBe(204);
    model.sessions.delete(session);
    open();
    const { body } = await answer;
    expect(body).toMatchObject({ success: true, session_stored: false });
    model.calls.push({ id: String(body.call_id), name: session, session: life, left: 'gone' });
    await expectSession(model, real, session);
  }),
);

export const cleanUp = fc.constant(
  step('clean up', async (model, real) => {
    await cleanUpAllBut(undefined, model, real);
  }),
);

/** A cleanup does not remove a session in use. */
export const cleanUpDuringCall = fc
  .record({ session: sessionName, prompt: promptText })
  .map(({ session, prompt }) =>
    step(`clean up during a call in ${session}: ${JSON.stringify(prompt)}`, async (model, real) => {
      const id = await holdTurn(real, session, prompt);
      openSession(model, session);
      await cleanUpAllBut(session, model, real);
      await expectSession(model, real, session);
      await cancelHeld(model, real, { id, session, prompt });
    }),
  );

/**
 * Cleans up until every session but the one in use is gone. The cleanup reads a list that may lag behind the last call, and a
 * session whose last call has ended without its knowledge must find that out first.
 */
async function cleanUpAllBut(used: string | undefined, model: Model, { http, own }: Real): Promise<void> {
  const unused = [...model.sessions.keys()].filter((session) => session !== used);
  await expect
    .poll(async () => {
      expect((await http.post('/api/vps/sessions/cleanup?max_age_hours=0')).status).toBe(200);
      const reads = unused.map((session) => http.get(`/api/vps/sessions/${own(session)}`));
      return (await Promise.all(reads)).every(({ status }) => status === 404);
    })
    .toBe(true);
  for (const session of unused) model.sessions.delete(session);
}

export const exportAll = fc.constant(
  step('export', async (model, { http, own }) => {
    // The export reads a list that may lag behind the last call: ask until it has what was written.
    await expect
      .poll(async () => {
        const { body } = await http.get('/api/vps/sessions/export');
        const sessions = [...model.sessions].map(([name, { messages }]) => [name, [...messages]] as const);
        model.exported = { text: JSON.stringify(body), sessions: new Map(sessions) };
        const ids = Object.keys(body.sessions as Json);
        return [...model.sessions.keys()].every((session) => ids.includes(own(session)));
      })
      .toBe(true);
  }),
);

export const importAll = fc.constant(
  step('import', async (model, real) => {
    if (!model.exported) return;
    const { status, body } = await real.http.post('/api/vps/sessions/import', model.exported.text);
    expect(status).toBe(200);
    expect(body.invalid).toEqual([]);
    for (const [session, messages] of model.exported.sessions) {
      if (!model.sessions.has(session)) model.sessions.set(session, { messages: [...messages] });
      await expectSession(model, real, session);
    }
  }),
);
