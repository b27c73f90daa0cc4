import type { Ending } from '../../domain/ending.ts';
import type { FeedEvent } from '../../domain/feed-event.ts';
import { ownSessionId, projectOf } from '../../domain/project.ts';
import type { EventFacts } from '../../domain/webhook.ts';
import type { CallRun } from '../calls/existing-call.ts';

/** Returns what decides who is told of the event, which is no ending of a call. */
export function factsOf(event: FeedEvent): EventFacts {
  return event.type === 'batch.ended'
    ? { type: event.type, project: projectOf(event.batchId), at: event.endedAt }
    : { type: event.type, agent: event.agent, at: event.at };
}

/** The same for the ending of a call, of whose run this is the content. */
export function factsOfCall({ callId, outcome, agent, endedAt }: Ending, { input }: CallRun): EventFacts {
  const { sessionId, userId } = input;
  return {
    type: `call.${outcome}`,
    project: projectOf(callId),
    agent,
    ...(sessionId !== undefined && { sessionId: ownSessionId(sessionId) }),
    ...(userId !== undefined && { userId }),
    at: endedAt,
  };
}
