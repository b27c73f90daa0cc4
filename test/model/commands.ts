/** Steps against the real gateway and the model alike; each checks what it sees. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { agentName, call, callAndKill, cancel, cancelWaiting, lookUp } from './call-steps.ts';
import type { AgentKind } from './gateway-model.ts';
import {
  cleanUp,
  cleanUpDuringCall,
  exportAll,
  forget,
  forgetDuringCall,
  importAll,
  read,
} from './session-steps.ts';
import { step } from './step.ts';

const register = fc
  .record({
    name: agentName,
    kind: fc.constantFrom<AgentKind>('echo', 'refuse'),
    fallbacks: fc.uniqueArray(agentName, { maxLength: 3 }),
  })
  .map(({ name, kind, fallbacks }) =>
    step(`register ${name} (${kind}) -> ${fallbacks.join()}`, async (model, { http, ports, own }) => {
      const { status, body } = await http.post('/api/vps/register', {
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
  step(`remove ${name}`, async (model, { http, own }) => {
    const { status } = await http.delete(`/api/vps/agents/${own(name)}`);
    expect(status).toBe(model.agents.delete(name) ? 204 : 404);
  }),
);

const listAgents = fc.constant(
  step('list agents', async (model, { http, own }) => {
    const { body } = await http.get('/api/vps/agents');
    const listed = (body.agents as { name: string }[]).map((agent) => agent.name);
    const registered = ['a', 'b', 'c', 'd'].filter((name) => model.agents.has(name));
    expect(['a', 'b', 'c', 'd'].filter((name) => listed.includes(own(name)))).toEqual(registered);
  }),
);

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
    callAndKill,
    lookUp,
    read,
    forget,
    forgetDuringCall,
    cancel,
    cancelWaiting,
    cleanUp,
    cleanUpDuringCall,
    exportAll,
    importAll,
    listAgents,
  ],
  { maxCommands: 40, size: 'max' },
);
