/** What the steps share: the real gateway, and the comparison of its sessions with the model's. */
import type fc from 'fast-check';
import { expect } from 'vitest';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import type { HttpClient, Json } from '../rig/http-client.ts';
import type { NodeProcess } from '../rig/node-process.ts';
import type { AgentKind, Model } from './gateway-model.ts';

export interface Real {
  /** Each request goes to another facade than the one before. */
  readonly http: HttpClient;
  readonly ports: Readonly<Record<AgentKind, number>>;
  /** Answers only once `open` is called. */
  readonly gate: ScriptedAgent;
  /** Lets the gate answer every request that it has got. */
  readonly open: () => void;
  /** Starts a facade that the steps may kill. Undefined where that is not possible. */
  readonly mortal: (() => Promise<NodeProcess>) | undefined;
  /** Makes names of one run its own. */
  readonly own: (name: string) => string;
}

export type Step = fc.AsyncCommand<Model, Real>;

export const step = (text: string, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => text,
});

/** Checks that the gateway has the same session as the model, or none. */
export async function expectSession(model: Model, { http, own }: Real, name: string): Promise<void> {
  const { status, body } = await http.get(`/api/vps/sessions/${own(name)}`);
  const session = model.sessions.get(name);
  expect(status).toBe(session ? 200 : 404);
  if (!session) return;
  const told = (body.messages as Json[]).map(({ role, content, agent, failed }) => ({
    role,
    content,
    agent,
    failed,
  }));
  expect(told).toEqual(session.messages);
}
