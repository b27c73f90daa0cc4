/** What a session's workflow has recorded, read through Temporal: a facade that is asked would settle the session first. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { sessionWorkflowId } from '../../src/domain/ids.ts';
import {
  newSession,
  type SessionContent,
  type SessionLimits,
  type SessionState,
} from '../../src/domain/session.ts';
import type { HistoryEvent } from '../../src/services/call-events/call-facts.ts';
import { isNotFound } from '../../src/services/temporal/rpc.ts';

const sessionOf = (temporal: Client, session: string) =>
  temporal.workflow.getHandle(sessionWorkflowId(session));

/** The session's content as it is, with the call that holds the turn. */
export const contentOf = (temporal: Client, session: string): Promise<SessionContent> =>
  sessionOf(temporal, session).query<SessionContent>('readSession');

/** The status of the session's workflow; `GONE` once Temporal has deleted it. */
export async function sessionStatusOf(temporal: Client, session: string): Promise<string> {
  try {
    return (await sessionOf(temporal, session).describe()).status.name;
  } catch (error) {
    if (isNotFound(error)) return 'GONE';
    throw error;
  }
}

const eventsOf = async (temporal: Client, session: string): Promise<HistoryEvent[]> =>
  (await sessionOf(temporal, session).fetchHistory()).events ?? [];

/** How often the session has looked by itself how the holder of its turn does, in its present run. */
export async function looksOf(temporal: Client, session: string): Promise<number> {
  const events = await eventsOf(temporal, session);
  return events.filter(
    ({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_local_activity',
  ).length;
}

/** How many endings the session was told by a signal, in its present run. */
export async function toldOf(temporal: Client, session: string): Promise<number> {
  const events = await eventsOf(temporal, session);
  return events.filter(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'commitTurn',
  ).length;
}

/** Starts a session as its first call would, with limits and content of the test's own. */
export async function startSession(
  temporal: Client,
  session: string,
  limits: Partial<SessionLimits>,
  state: Partial<SessionState> = {},
): Promise<void> {
  const life = randomUUID();
  const plain = { maxQueued: 100, windowMessages: 40, windowBytes: 262_144 };
  await temporal.workflow.start('session', {
    workflowId: sessionWorkflowId(session),
    taskQueue: 'holdfast',
    args: [
      { ...newSession(session, Date.now()), life, ...state },
      { ...plain, ...limits },
    ],
    memo: { life },
  });
}
