/** Steps against the real gateway and the model alike; each checks what it sees. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import type { Json } from '../rig/http-client.ts';
import type { TestNode } from '../rig/test-node.ts';
import {
  answererOf,
  echoOf,
  windowOf,
  type AgentKind,
  type Model,
  type ModelMessage,
} from './gateway-model.ts';

export interface Real {
  readonly test: TestNode;
  readonly ports: Readonly<Record<AgentKind, number>>;
  /** Never answers. */
  readonly hanging: ScriptedAgent;
  /** Makes names of one run its own. */
  readonly own: (name: string) => string;
}

type Step = fc.AsyncCommand<Model, Real>;

const step = (text: string, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => text,
});

const agentName = fc.constantFrom('a', 'b', 'c', 'd');
const sessionName = fc.constantFrom('s', 't');

const register = fc
  .record({
    name: agentName,
    kind: fc.constantFrom<AgentKind>('echo', 'refuse'),
    fallbacks: fc.uniqueArray(agentName, { maxLength: 3 }),
  })
  .map(({ name, kind, fallbacks }) =>
    step(`register ${name} (${kind}) -> ${fallbacks.join()}`, async (model, { test, ports, own }) => {
      const { status, body } = await test.http.post('/api/vps/register', {
        name: own(name),
        host: '127.0.0.1',
        port: ports[kind],
        max_retries: 0,
        fallback_agents: fallbacks.map(own),
      });
      expect(status).toBe(201);
      expect(body.replaced).toBe(model.agents.has(name));
      model.agents.set(name, { kind, fallbacks });
    }),
  );

const remove = agentName.map((name) =>
  step(`remove ${name}`, async (model, { test, own }) => {
    const { status } = await test.http.delete(`/api/vps/agents/${own(name)}`);
    expect(status).toBe(model.agents.delete(name) ? 204 : 404);
  }),
);

const call = fc
  .record({
    name: agentName,
    session: fc.option(sessionName),
    prompt: fc.string({ minLength: 1, maxLength: 20 }),
  })
  .map(({ name, session, prompt }) =>
    step(
      `call ${name} in ${session ?? 'no session'}: ${JSON.stringify(prompt)}`,
      async (model, { test, own }) => {
        const { status, body } = await test.http.call({
          agent_name: own(name),
          prompt,
          ...(session !== null && { session_id: own(session) }),
        });
        if (!model.agents.has(name)) {
          expect(status).toBe(404);
          return;
        }
        expect(status).toBe(200);
        const before = session === null ? [] : (model.sessions.get(session) ?? []);
        const answerer = answererOf(model, name);
        const answer = answerer === undefined ? null : echoOf(prompt, windowOf(before) + 1);
        expect(body).toMatchObject({
          success: answerer !== undefined,
          agent_name: own(answerer ?? name),
          response: answer,
        });
        if (session === null) return;
        const user: ModelMessage = { role: 'user', content: prompt, agent: null, failed: answer === null };
        const assistant: ModelMessage[] =
          answer === null || answerer === undefined
            ? []
            : [{ role: 'assistant', content: answer, agent: own(answerer), failed: false }];
        model.sessions.set(session, [...before, user, ...assistant]);
      },
    ),
  );

const read = sessionName.map((session) =>
  step(`read ${session}`, (model, real) => expectSession(model, real, session)),
);

const forget = sessionName.map((session) =>
  step(`delete ${session}`, async (model, real) => {
    const { status } = await real.test.http.delete(`/api/vps/sessions/${real.own(session)}`);
    expect(status).toBe(model.sessions.delete(session) ? 204 : 404);
    await expectSession(model, real, session);
  }),
);

const cancel = fc
  .record({ session: sessionName, prompt: fc.string({ minLength: 1, maxLength: 20 }) })
  .map(({ session, prompt }) =>
    step(
      `call in ${session} and cancel: ${JSON.stringify(prompt)}`,
      async (model, { test, own, hanging }) => {
        await test.http.register(own('hanging'), hanging.port);
        const asked = hanging.requests.length;
        const { body } = await test.http.call(
          { agent_name: own('hanging'), prompt, session_id: own(session) },
          { Prefer: 'respond-async' },
        );
        await hanging.waitForRequests(asked + 1);
        const path = `/api/vps/calls/${String(body.call_id)}`;
        expect((await test.http.post(`${path}/cancel`)).status).toBe(202);
        await expect.poll(async () => (await test.http.get(path)).body.status).toBe('cancelled');
        const before = model.sessions.get(session) ?? [];
        model.sessions.set(session, [
          ...before,
          { role: 'user', content: prompt, agent: null, failed: true },
        ]);
      },
    ),
  );

const cleanup = fc.constant(
  step('clean up', async (model, { test, own }) => {
    // The cleanup reads a list that may lag behind the last call: repeat it until it has seen all.
    await expect
      .poll(async () => {
        expect((await test.http.post('/api/vps/sessions/cleanup?max_age_hours=0')).status).toBe(200);
        const reads = [...model.sessions.keys()].map((session) =>
          test.http.get(`/api/vps/sessions/${own(session)}`),
        );
        return (await Promise.all(reads)).every(({ status }) => status === 404);
      })
      .toBe(true);
    model.sessions.clear();
  }),
);

const exportAll = fc.constant(
  step('export', async (model, { test, own }) => {
    // The export reads a list that may lag behind the last call: ask until it has what was written.
    await expect
      .poll(async () => {
        const { body } = await test.http.get('/api/vps/sessions/export');
        model.exported = { text: JSON.stringify(body), sessions: new Map(model.sessions) };
        const ids = Object.keys(body.sessions as Json);
        return [...model.sessions.keys()].every((session) => ids.includes(own(session)));
      })
      .toBe(true);
  }),
);

const importAll = fc.constant(
  step('import', async (model, real) => {
    if (!model.exported) return;
    const { status, body } = await real.test.http.post('/api/vps/sessions/import', model.exported.text);
    expect(status).toBe(200);
    expect(body.invalid).toEqual([]);
    for (const [session, messages] of model.exported.sessions) {
      if (!model.sessions.has(session)) model.sessions.set(session, messages);
      await expectSession(model, real, session);
    }
  }),
);

const listAgents = fc.constant(
  step('list agents', async (model, { test, own }) => {
    const { body } = await test.http.get('/api/vps/agents');
    const listed = (body.agents as { name: string }[]).map((agent) => agent.name);
    const registered = ['a', 'b', 'c', 'd'].filter((name) => model.agents.has(name));
    expect(['a', 'b', 'c', 'd'].filter((name) => listed.includes(own(name)))).toEqual(registered);
  }),
);

async function expectSession(model: Model, { test, own }: Real, session: string): Promise<void> {
  const { status, body } = await test.http.get(`/api/vps/sessions/${own(session)}`);
  const messages = model.sessions.get(session);
  expect(status).toBe(messages ? 200 : 404);
  if (!messages) return;
  const told = (body.messages as Json[]).map(({ role, content, agent, failed }) => ({
    role,
    content,
    agent,
    failed,
  }));
  expect(told).toEqual(messages);
}

/** Calls weigh most: they are what the gateway is for. */
export const steps = fc.commands(
  [
    register,
    register,
    remove,
    call,
    call,
    call,
    call,
    read,
    forget,
    cancel,
    cleanup,
    exportAll,
    importAll,
    listAgents,
  ],
  { maxCommands: 40, size: 'max' },
);
