import { projectOfAlert } from '../../domain/alert.ts';
import type { FeedEvent } from '../../domain/feed-event.ts';
import { ownSessionId, projectOf } from '../../domain/project.ts';
import type { EventFacts } from '../../domain/webhook.ts';

/** Returns what decides who is told of the event, which is no ending of a call. */
export function factsOf(event: FeedEvent): EventFacts {
  if (event.type === 'batch.ended')
    return { type: event.type, project: projectOf(event.batchId), at: event.endedAt };
  if (event.type === 'agent.state_changed') return { type: event.type, agent: event.agent, at: event.at };
  const { agent } = event.alert;
  return {
    type: event.type,
    project: projectOfAlert(event.alert),
    ...(agent !== undefined && { agent }),
    at: event.at,
  };
}

/** What is known of a call that has ended. `agent` is the one that the caller named. */
interface EndedCall {
  readonly callId: string;
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  readonly agent: string;
  readonly sessionId: string | undefined;
  readonly userId: string | undefined;
  /** Epoch ms. */
  readonly endedAt: number;
}

/** The same for a call that has ended. */
export function factsOfCall({ callId, outcome, agent, sessionId, userId, endedAt }: EndedCall): EventFacts {
  return {
    type: `call.${outcome}`,
    project: projectOf(callId),
    agent,
    ...(sessionId !== undefined && { sessionId: ownSessionId(sessionId) }),
    ...(userId !== undefined && { userId }),
    at: endedAt,
  };
}
