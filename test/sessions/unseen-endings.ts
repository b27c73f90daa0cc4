/** Calls that end without their session being told: the facade that started them is killed first. */
import type { Client } from '@temporalio/client';
import { expect, onTestFinished } from 'vitest';
import { callWorkflowId } from '../../src/domain/ids.ts';
import type { HistoryEvent } from '../../src/services/call-events/call-facts.ts';
import { tsToMs } from '../../src/temporal-sdk/timestamps.ts';
import { startAgent, type ScriptedAgent } from '../agents/scripted-agent.ts';
import { gated } from '../api/scripts.ts';
import type { NodeWithFacades } from '../rig/facades-beside.ts';
import type { Json } from '../rig/http-client.ts';
import type { NodeProcess } from '../rig/node-process.ts';
import { contentOf } from './session-facts.ts';
import type { FacadesInUse } from './use-facades.ts';

/** Makes a session of one turn. The node has told it how the turn ended, and has the session in its cache. */
export async function begin({ call, textsOf }: FacadesInUse, session: string): Promise<void> {
  await call(session, 'first');
  expect(await textsOf(session)).toEqual(['first', 're: first']);
}

interface SecondCall {
  readonly agent?: string;
  readonly headers?: Record<string, string>;
}

/** Makes a session, and returns the answer of its second call. The facade that gave it was killed at once. */
export async function answerOfKilled(
  facades: FacadesInUse,
  session_id: string,
  { agent = 'echo', headers = {} }: SecondCall = {},
): Promise<Json> {
  const { node } = facades;
  const facade = await node.startFacade();
  await begin(facades, session_id);
  const { body } = await facade.http.call({ agent_name: agent, prompt: 'second', session_id }, headers);
  await kill(facade);
  expect(body.session_stored).toBe(true);
  expect((await contentOf(node.temporal, session_id)).holderId).toBe(body.call_id);
  return body;
}

export async function kill({ process }: NodeProcess): Promise<void> {
  process.kill('SIGKILL');
  await process.exited;
}

interface HeldCall {
  readonly callId: string;
  /** Its own agent. */
  readonly agent: ScriptedAgent;
  /** Lets the agent answer while the facade is stopped, and kills the facade once the call has ended. */
  endUnseen(): Promise<void>;
  /** Lets the agent answer. Resolves with what the client gets that waits at the facade. */
  answer(): Promise<Json>;
}

/** Starts a call of this session through the facade. Its agent answers `reply` once the test lets it. */
export async function holdTurn(
  { http, temporal }: NodeWithFacades,
  facade: NodeProcess,
  session_id: string,
  prompt: string,
  reply = 'at last',
): Promise<HeldCall> {
  const gate = gated(reply);
  const agent = await startAgent(gate.script);
  onTestFinished(() => agent.close());
  const agent_name = `gate-of-${session_id}`;
  await http.register(agent_name, agent.port);
  const body = { agent_name, prompt, session_id };
  const key = { 'Idempotency-Key': agent_name };
  const waiting = facade.http.call(body, key);
  const tooSoon = waiting.then(({ body }) => {
    throw new Error(`The call ended before its agent was asked: ${JSON.stringify(body)}`);
  });
  tooSoon.catch(() => undefined); // Later it may end; or its facade is killed.
  await Promise.race([agent.waitForRequests(1), tooSoon]);
  const repeated = await facade.http.call(body, { ...key, Prefer: 'respond-async' });
  const callId = String(repeated.body.call_id);
  return {
    callId,
    agent,
    async endUnseen() {
      facade.process.kill('SIGSTOP');
      gate.open();
      await expect.poll(() => statusOf(temporal, callId)).toBe('COMPLETED');
      await kill(facade);
    },
    async answer() {
      gate.open();
      return (await waiting).body;
    },
  };
}

export const statusOf = async (temporal: Client, callId: string): Promise<string> =>
  (await temporal.workflow.getHandle(callWorkflowId(callId)).describe()).status.name;

/** How long it took from the end of one call until the session had sent the turn to another, by Temporal's clock. */
export async function millisecondsToTurn(temporal: Client, ended: string, next: string): Promise<number> {
  const eventsOf = async (callId: string): Promise<HistoryEvent[]> =>
    (await temporal.workflow.getHandle(callWorkflowId(callId)).fetchHistory()).events ?? [];
  const end = (await eventsOf(ended)).at(-1);
  const turn = (await eventsOf(next)).find(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'turnGranted',
  );
  expect(end).toBeDefined();
  expect(turn).toBeDefined();
  return tsToMs(turn?.eventTime) - tsToMs(end?.eventTime);
}
