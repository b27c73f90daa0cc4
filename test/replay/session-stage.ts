/** Calls in sessions, for scenarios: two calls of which one waits, and calls whose facade has died. */
import type { TurnReply, TurnWish } from '../../src/domain/turn.ts';
import type { Script } from '../agents/scripted-agent.ts';
import { inputOf } from '../rig/call-input.ts';
import type { Json } from '../rig/http-client.ts';
import { answer } from './scenario.ts';
import type { Stage } from './stage.ts';

/** An agent's script that answers all requests but the one with this number, which waits for `release`. */
export function gatedAt(attempt: number): { readonly script: Script; readonly release: () => void } {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const script: Script = async (request) => {
    if (request.attempt === attempt) await gate;
    return { body: { content: 'at last' } };
  };
  return { script, release: () => release() };
}

/** Two calls in the session `queue`: the first is asking its agent, the second waits for its turn. */
export async function queueOfTwo({ agent, start }: Stage, second: Json = {}) {
  const { script, release } = gatedAt(1);
  const gated = await agent('gated', script);
  const call = (prompt: string) => ({ agent_name: 'gated', prompt, session_id: 'queue' });
  const holder = await start(call('first'));
  await gated.waitForRequests(1);
  return { holder, waiting: await start({ ...call('second'), ...second }), release };
}

/** The session is closed, by the first step of a deletion, while the call `waiting` waits for its turn. Returns that call's id. */
export async function closedWhileQueued(stage: Stage): Promise<string> {
  const { waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  const session = stage.temporal.workflow.getHandle('session-queue');
  await session.executeUpdate('closeSession', { args: [true] });
  await session.result();
  await stage.end(waiting);
  release();
  return waiting;
}

/** Two calls in the session `queue` that a third one interrupts. All have ended. */
export async function interrupted(stage: Stage): Promise<{ holder: string; waiting: string }> {
  const { holder, waiting, release } = await queueOfTwo(stage);
  await stage.happened(`call-${waiting}`, 'EVENT_TYPE_TIMER_STARTED');
  await stage.agent('instead', answer);
  const call = { agent_name: 'instead', prompt: 'third', session_id: 'queue', when_busy: 'interrupt' };
  await stage.end(await stage.start(call));
  await Promise.all([stage.end(holder), stage.end(waiting)]);
  release();
  return { holder, waiting };
}

/** Requests a turn as a facade does. The facade then dies: it neither starts the call nor tells the session anything. */
export function openTurn({ temporal }: Stage, sessionId: string, callId: string): Promise<TurnReply> {
  return temporal.workflow
    .getHandle(`session-${sessionId}`)
    .executeUpdate<TurnReply, [string, number, null, TurnWish]>('openTurn', {
      args: [callId, 0, null, { tellsEnding: true }],
    });
}

/** Starts a call that has requested this turn. It is like the call `like`, but no facade follows it. */
export async function startUnfollowed(
  { temporal }: Stage,
  like: string,
  callId: string,
  reply: TurnReply,
): Promise<void> {
  const turn = Object.fromEntries(Object.entries(reply).filter(([name]) => name !== 'hints'));
  const args = [{ ...(await inputOf(temporal, like)), callId, turn }];
  await temporal.workflow.start('agentCall', { workflowId: `call-${callId}`, taskQueue: 'holdfast', args });
}
