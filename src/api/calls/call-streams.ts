/** Streams of server-sent events about calls. */
import { z } from 'zod';
import { isEnding, type StoryEvent } from '../../domain/call-story.ts';
import type { ApiDependencies } from '../http/dependencies.ts';
import { toCallSearch, toListOrder } from './call-filter-wire.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import type { CallEnd, CallEvent, LiveCalls } from '../../contract/call-events.ts';
import { callLiveQuery } from '../../contract/call-requests.ts';
import { id } from '../../contract/ids.ts';
import { streamValues, type EventStream } from '../http/sse.ts';
import { callSummaryToWire, countsToWire, coversToWire, iso, isoOrNull } from './wire.ts';

const eventStream = 'text/event-stream';

export function callStreamEndpoints({
  calls: { events, lists },
  streams,
}: Pick<ApiDependencies, 'calls' | 'streams'>): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}/events',
      scope: 'read',
      projects: 'id',
      tag: 'calls',
      summary: 'Follow a call',
      description:
        'Server-sent events from accepted to the end, whichever process runs the call; `end` tells the client to stop.',
      params: z.object({ id }),
      query: z.strictObject({}),
      headers: { 'Last-Event-ID': 'Goes on after this event' },
      answers: { 200: { description: 'Events', schema: z.string(), mediaType: eventStream } },
      refusals: ['call_not_found', 'overloaded', 'shutting_down', 'temporal_unavailable'],
      handle: ({ params, request, response }) => {
        let sent: number | undefined;
        const follow = (signal: AbortSignal) => events.follow(params.id, signal);
        return streamValues(streams, request, response, follow, async (stream, story) => {
          sent = await sendStory(stream, params.id, story, sent ?? eventsHad(stream.lastEventId));
        });
      },
    }),
    endpoint({
      method: 'get',
      path: '/api/vps/calls/live',
      scope: 'read',
      projects: 'any',
      tag: 'calls',
      summary: 'Follow the list of calls',
      description:
        'Server-sent events `calls`, each the first page and the counts by status: at once and whenever they change.',
      query: callLiveQuery,
      gathers: 'metadata',
      answers: { 200: { description: 'Events', schema: z.string(), mediaType: eventStream } },
      refusals: ['overloaded', 'shutting_down', 'temporal_unavailable'],
      handle: ({ query: { limit, sort, order, include, ...searched }, project, request, response }) => {
        const search = toCallSearch(project, searched);
        const wish = { limit, ...toListOrder({ sort, order, include }) };
        const follow = (signal: AbortSignal) => lists.follow({ search, wish }, signal);
        return streamValues(streams, request, response, follow, (stream, { calls, counts, covers }) =>
          stream.send('calls', {
            calls: calls.map(callSummaryToWire),
            counts: countsToWire(counts),
            covers: coversToWire(covers),
          } satisfies LiveCalls),
        );
      },
    }),
  ];
}

/**
 * Returns how many events the client has received, according to its `Last-Event-ID`: an event's id is its position in the
 * story, from 1. 0 if the header is missing or malformed.
 */
function eventsHad(lastEventId: string | undefined): number {
  return lastEventId !== undefined && /^\d{1,6}$/.test(lastEventId) ? Number(lastEventId) : 0;
}

/**
 * Sends the events after the first `sent` ones, and then `end` if the story has ended. A client whose `Last-Event-ID` is beyond
 * the story gets the last event of an ended story too.
 */
async function sendStory(
  stream: EventStream,
  callId: string,
  story: readonly StoryEvent[],
  sent: number,
): Promise<number> {
  const last = story.at(-1);
  const ended = last !== undefined && isEnding(last);
  const from = ended && sent > story.length ? story.length - 1 : Math.min(sent, story.length);
  for (const [index, event] of story.slice(from).entries())
    await stream.send(event.type, eventToWire(callId, event), String(from + index + 1));
  if (ended) await stream.send('end', { type: 'end', call_id: callId } satisfies CallEnd);
  return Math.max(sent, story.length);
}

function eventToWire(callId: string, event: StoryEvent): CallEvent {
  const common = { at: iso(event.at), call_id: callId };
  switch (event.type) {
    case 'attempt_started':
      return { type: event.type, ...common, agent: event.agent, try: event.attempt, attempt: event.attempt };
    case 'attempt_failed':
      return {
        type: event.type,
        ...common,
        agent: event.agent,
        try: event.attempt,
        attempt: event.attempt,
        error_type: event.errorType,
        error: event.error ?? null,
        retry_at: isoOrNull(event.retryAt),
      };
    case 'failover':
      return { type: event.type, ...common, from: event.from, to: event.to, error_type: event.errorType };
    case 'answered':
      return { type: event.type, ...common, agent: event.agent, latency_ms: event.latencyMs };
    case 'failed':
      return { type: event.type, ...common, error_type: event.errorType, error: event.error };
    default:
      return { type: event.type, ...common };
  }
}
