/**
 * Makes a data directory with the code of another checkout, in which everything is killed while sessions and calls are under
 * way. The checkout must be of a version before a call's own ending was the record of its turn (ADR 0035).
 */
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import type { CallInput } from '../../src/domain/call.ts';
import type { GrantedTurn, TurnReply } from '../../src/domain/turn.ts';
import type { ScriptedAgent } from '../agents/scripted-agent.ts';
import { inputOf } from '../rig/call-input.ts';
import { echo, promptIn, settings, startOldAgent, storms, type OldData } from './old-data.ts';
import { startOldProcesses, type OldProcesses } from './old-processes.ts';

const { EventType } = proto.temporal.api.enums.v1;

/** 49 years: what is under way then goes on whenever the data is used. */
const longSeconds = 49 * 366 * 86_400;
/** For the call that an activity asks: a timer of the worker has its deadline, and timers hold 24 days. */
const shortSeconds = 7 * 86_400;

/** Thrown if the processes were killed at another moment than was wanted, which depends on chance. */
class BadMoment extends Error {}
const maxTries = 20;

/** Makes the data in a new folder. */
export async function makeOldData(checkout: string): Promise<{ dataDir: string; data: OldData }> {
  for (let tries = 1; ; tries++) {
    const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
    try {
      return { dataDir, data: await makeIn(dataDir, checkout) };
    } catch (error) {
      await rm(dataDir, { recursive: true, force: true });
      if (!(error instanceof BadMoment) || tries === maxTries) throw error;
    }
  }
}

async function makeIn(dataDir: string, checkout: string): Promise<OldData> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let refusals = 1;
  const agent = await startOldAgent(async (request) => {
    const prompt = promptIn(request.body);
    if (storms.includes(prompt)) await released;
    if (prompt === 'asked by an activity' && refusals-- > 0) return { status: 503 };
    return prompt.startsWith('asked') ? { hang: true } : echo(request);
  });
  const old = await startOldProcesses(checkout, { ...settings, HOLDFAST_DATA_DIR: dataDir });
  try {
    await old.http.register('helper', agent.port, { max_retries: 2, timeout_seconds: 600 });
    return await fill(old, agent, release);
  } finally {
    await old.close();
    await agent.close();
  }
}

async function fill(old: OldProcesses, agent: ScriptedAgent, release: () => void): Promise<OldData> {
  const { http, temporal } = old;
  const callIds: Record<string, string> = {};
  const call = async (
    sessionId: string,
    prompt: string,
    deadlineSeconds: number,
    wait: boolean,
    more = '',
  ) => {
    const { status, body } = await http.call(
      {
        agent_name: 'helper',
        prompt: prompt + more,
        session_id: sessionId,
        deadline_seconds: deadlineSeconds,
      },
      wait ? {} : { Prefer: 'respond-async' },
    );
    if (status !== (wait ? 200 : 202)) throw new Error(JSON.stringify(body));
    callIds[prompt] = String(body.call_id);
  };
  const ended = (sessionId: string, prompt: string, more?: string) =>
    call(sessionId, prompt, shortSeconds, true, more);
  const waits = (sessionId: string, prompt: string) => call(sessionId, prompt, longSeconds, false);
  /** Resolves once the agent has got so many requests more. */
  const asking = async (requests: number, start: () => Promise<unknown>): Promise<void> => {
    const before = agent.requests.length;
    await start();
    await agent.waitForRequests(before + requests);
  };

  for (let turn = 0; turn < 8; turn++)
    await ended('chat', `turn ${turn}`, '.'.repeat(turn === 3 ? 20_000 : 400));
  await ended('granted', 'before the upgrade');
  await ended('untold', 'before a call that ended untold');
  await ended('never started', 'before a call that never started');
  await ended('terminated', 'before a call that was terminated');

  await asking(1, () => waits('terminated', 'asked and terminated'));
  await temporal.workflow.getHandle(`call-${callIds['asked and terminated'] ?? ''}`).terminate();
  // Refused in the first task, so an activity asks again.
  await asking(2, () => call('activity', 'asked by an activity', shortSeconds, false));
  const overdueAt = Date.now() + shortSeconds * 1_000;
  await waits('activity', 'waits for an activity');
  await openTurn(old, 'never started', 'never-started');
  await waits('never started', 'waits for a call that never started');

  // From here on there are a few seconds before activities go on with the requests of first tasks.
  await asking(storms.length + 1, async () => {
    await Promise.all([...storms.map((name) => waits(name, name)), waits('task', 'asked in a task')]);
    await waits('task', 'waits for a task');
    await waits('task', 'waits for both');
  });
  const granted = await openTurn(old, 'granted', 'granted');
  const untold = await openTurn(old, 'untold', 'untold');
  release();
  await anyEnded(
    old,
    storms.map((name) => callIds[name] ?? ''),
  );

  // The other worker ends the call, whose commit then waits for the killed worker, which had the session.
  await old.killWorkerOf('session-untold');
  const like = await inputOf(temporal, callIds['before the upgrade'] ?? '');
  const startOpened = async (callId: string, prompt: string, turn: GrantedTurn): Promise<void> => {
    callIds[prompt] = callId;
    await startCall(old, { ...like, sessionId: callId, callId, prompt, turn });
  };
  await startOpened('untold', 'ended untold', untold);
  await temporal.workflow.getHandle('call-untold').result();
  await old.killWorkerOf('call-untold');

  await startOpened('granted', 'granted its turn', granted);
  return { madeAt: Date.now(), overdueAt, callIds, ...(await endedIn(old, callIds)) };
}

/** Resolves when the first of these calls has ended. */
async function anyEnded({ temporal }: OldProcesses, callIds: readonly string[]): Promise<void> {
  const waiting = new AbortController();
  setMaxListeners(callIds.length, waiting.signal);
  await temporal.withAbortSignal(waiting.signal, () =>
    Promise.any(callIds.map((callId) => temporal.workflow.getHandle(`call-${callId}`).result())),
  );
  waiting.abort();
}

/** Requests a turn as the facade does, which then dies. */
async function openTurn({ temporal }: OldProcesses, sessionId: string, callId: string) {
  const reply = await temporal.workflow
    .getHandle(`session-${sessionId}`)
    .executeUpdate<TurnReply, [string, number]>('openTurn', { args: [callId, 0] });
  if (reply.state !== 'granted') throw new Error(`The turn is ${reply.state}`);
  return reply;
}

/** Starts a call as the facade does, except for what only other requests for it need. */
async function startCall({ temporal }: OldProcesses, input: CallInput): Promise<void> {
  await temporal.workflow.start('agentCall', {
    workflowId: `call-${input.callId}`,
    taskQueue: 'holdfast',
    args: [{ ...input, deadlineMs: longSeconds * 1_000 }],
  });
}

/** Finds out which calls have ended. Throws `BadMoment` if calls that should wait or be asked in a task have come further. */
async function endedIn(
  { temporal }: OldProcesses,
  callIds: OldData['callIds'],
): Promise<Pick<OldData, 'ended' | 'endedUntold'>> {
  const eventsOf = async (workflowId: string) => {
    const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).map(({ eventType }) => eventType);
  };
  const ended: string[] = [];
  const endedUntold: string[] = [];
  for (const [prompt, callId] of Object.entries(callIds)) {
    const { status } = await temporal.workflow.getHandle(`call-${callId}`).describe();
    if (status.name !== 'RUNNING') ended.push(prompt);
    const events = await eventsOf(`call-${callId}`);
    const asksByActivity = events.includes(EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED);
    const hasTurn = events.includes(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
    if (asksByActivity !== (prompt === 'asked by an activity') || hasTurn)
      throw new BadMoment(`${prompt} has come too far`);
  }
  const sessions = { 'ended untold': 'untold', ...Object.fromEntries(storms.map((name) => [name, name])) };
  for (const [prompt, sessionId] of Object.entries(sessions)) {
    const events = await eventsOf(`session-${sessionId}`);
    const signal = events.lastIndexOf(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
    const isUntold = signal > events.lastIndexOf(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
    if (isUntold && ended.includes(prompt)) endedUntold.push(prompt);
  }
  if (!endedUntold.includes('ended untold'))
    throw new BadMoment('Every session knows that its call has ended');
  return { ended, endedUntold };
}
