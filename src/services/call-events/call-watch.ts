/** Follows one call in Temporal, whichever process runs it: its history for news, its description while it is asking. */
import { extendStory, isEnding, buildStory, type StoryEvent } from '../../domain/call-story.ts';
import { callWorkflowId } from '../../domain/ids.ts';
import { describeExecution, findCall, noSuchCall } from '../calls/call-execution.ts';
import { factsOf, openAskOf, type HistoryEvent, type PendingActivity } from './call-facts.ts';
import { delay } from '../../lib/delay.ts';
import type { Watcher } from '../../lib/shared-watch.ts';
import { isNotFound, isUnanswered, type Temporal } from '../temporal/rpc.ts';

/** An agent that is asked is looked at this often; more rarely, up to the longest, while nothing happens. */
const lookMs = { shortest: 500, longest: 2_000 } as const;
/** How often a call that only waits is looked at. */
const waitingMs = 1_000;

/** Every value is the whole story so far. Ends with the call's end; throws the refusal `call_not_found`. */
export function watchCall(temporal: Temporal): Watcher<string, readonly StoryEvent[]> {
  return async (callId, publish, signal) => {
    let told: readonly StoryEvent[] = [];
    let pauseMs: number = lookMs.shortest;
    while (!signal.aborted) {
      try {
        const look = await lookAt(temporal, callId);
        const facts = factsOf(callId, look.events, look.pending);
        if (!facts) throw noSuchCall(callId);
        const story = extendStory(told, buildStory(facts));
        const news = story.length > told.length;
        if (news) publish((told = story));
        const last = told.at(-1);
        if (last && isEnding(last)) return;
        if (openAskOf(look.events) === undefined) pauseMs = waitingMs;
        else pauseMs = news ? lookMs.shortest : Math.min(2 * pauseMs, lookMs.longest);
      } catch (error) {
        if (isNotFound(error)) throw noSuchCall(callId);
        // Who comes while Temporal is away is refused; who is there already waits for it.
        if (!isUnanswered(error) || told.length === 0) throw error;
        pauseMs = lookMs.longest;
      }
      await delay(pauseMs, signal);
    }
  };
}

/** The history last: it knows the end of what the description still shows as pending. */
async function lookAt(
  temporal: Temporal,
  callId: string,
): Promise<{ events: readonly HistoryEvent[]; pending: readonly PendingActivity[] }> {
  const { raw } = await describeExecution(temporal, callId);
  const { events } = await findCall(temporal, callId, () =>
    temporal.client.workflow.getHandle(callWorkflowId(callId)).fetchHistory(),
  );
  return { events: events ?? [], pending: raw.pendingActivities ?? [] };
}
