/** Follows one call by polling Temporal, whichever process runs the call. */
import { extendStory, isEnding, buildStory, type StoryEvent } from '../../domain/call-story.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { describeExecution, findCall, noSuchCall } from '../calls/call-execution.ts';
import { factsOf, openAskOf, type HistoryEvent, type PendingActivity } from './call-facts.ts';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { isNotFound, isUnanswered, type Temporal } from '../temporal/rpc.ts';

/** The pause between two polls while an agent is asked. It doubles up to the longest while nothing happens. */
const pollMs = { shortest: 500, longest: 2_000 } as const;
/** The pause between two polls of a call that waits for its turn or for the next try. */
const waitingMs = 1_000;

/**
 * Publishes all events of the call so far, whenever there are new ones. Ends with the call. Throws the refusal
 * `call_not_found`, and `temporal_unavailable` if the first poll fails.
 */
export function watchCall(temporal: Temporal): Watcher<string, readonly StoryEvent[]> {
  return async (callId, publish, signal) => {
    let published: readonly StoryEvent[] = [];
    let pauseMs: number = pollMs.shortest;
    while (!signal.aborted) {
      try {
        const { events, pending } = await readCall(temporal, callId);
        const facts = factsOf(callId, events, pending);
        if (!facts) throw noSuchCall(callId);
        const story = extendStory(published, buildStory(facts));
        const isNews = story.length > published.length;
        if (isNews) publish((published = story));
        const last = published.at(-1);
        if (last && isEnding(last)) return;
        if (openAskOf(events) === undefined) pauseMs = waitingMs;
        else pauseMs = isNews ? pollMs.shortest : Math.min(2 * pauseMs, pollMs.longest);
      } catch (error) {
        if (isNotFound(error)) throw noSuchCall(callId);
        // While Temporal is unavailable, new followers are refused and the present ones wait.
        if (!isUnanswered(error) || published.length === 0) throw error;
        pauseMs = pollMs.longest;
      }
      await delay(pauseMs, signal);
    }
  };
}

/**
 * Reads the call. Reads the history after the description, because an activity that the description shows as pending may have
 * ended since.
 */
async function readCall(
  temporal: Temporal,
  callId: string,
): Promise<{ events: readonly HistoryEvent[]; pending: readonly PendingActivity[] }> {
  const { raw } = await describeExecution(temporal, callId);
  const { events } = await findCall(temporal, callId, () =>
    temporal.client.workflow.getHandle(callWorkflowId(callId)).fetchHistory(),
  );
  return { events: events ?? [], pending: raw.pendingActivities ?? [] };
}
