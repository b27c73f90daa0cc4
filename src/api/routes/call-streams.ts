/** Streams of server-sent events about calls. */
import { z } from 'zod';
import type { StoryEvent } from '../../domain/call-story.ts';
import { isEnding } from '../../domain/call-story.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { endpoint, streamed, type Endpoint } from '../endpoint.ts';
import { id } from '../schemas.ts';
import type { EventStream } from '../sse.ts';

const eventStream = 'text/event-stream';

export function callStreamEndpoints({ callWatch, streams }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/api/vps/calls/{id}/events',
      tag: 'calls',
      summary: 'Follow a call',
      description:
        'Server-sent events from accepted to the end, whichever process runs the call; `end` tells the client to stop.',
      params: z.object({ id }),
      query: z.strictObject({}),
      headers: { 'Last-Event-ID': 'Goes on after this event' },
      answers: { 200: { description: 'Events', schema: z.string(), mediaType: eventStream } },
      refusals: ['call_not_found', 'overloaded', 'shutting_down', 'temporal_unavailable'],
      handle: async ({ params, request, response }) => {
        const over = new AbortController();
        response.once('close', () => over.abort());
        const stories = callWatch.follow(params.id, over.signal);
        // The first is there before the status is sent, so what fails until then is a problem like any other.
        const first = await stories.next();
        try {
          const stream = streams.openStream(request, response);
          stream.signal.addEventListener('abort', () => over.abort(), { once: true });
          let sent = eventsHad(stream.lastEventId);
          if (!first.done) sent = await sendStory(stream, params.id, first.value, sent);
          for await (const story of stories) sent = await sendStory(stream, params.id, story, sent);
          stream.close();
        } finally {
          await stories.return(undefined);
        }
        return streamed;
      },
    }),
  ];
}

/** An id is the event's place in the story, from 1. */
function eventsHad(lastEventId: string | undefined): number {
  return lastEventId !== undefined && /^\d{1,6}$/.test(lastEventId) ? Number(lastEventId) : 0;
}

/** Sends what is new, and after an ending `end`; the ending also to one who says to have had more than there is. */
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
  if (ended) await stream.send('end', { type: 'end', call_id: callId });
  return Math.max(sent, story.length);
}

function eventToWire(callId: string, event: StoryEvent) {
  const told = { type: event.type, at: new Date(event.at).toISOString(), call_id: callId };
  switch (event.type) {
    case 'attempt_started':
      return { ...told, agent: event.agent, attempt: event.attempt };
    case 'attempt_failed':
      return {
        ...told,
        agent: event.agent,
        attempt: event.attempt,
        error_type: event.errorType,
        error: event.error ?? null,
        retry_at: event.retryAt === undefined ? null : new Date(event.retryAt).toISOString(),
      };
    case 'failover':
      return { ...told, from: event.from, to: event.to, error_type: event.errorType };
    case 'answered':
      return { ...told, agent: event.agent, latency_ms: event.latencyMs };
    case 'failed':
      return { ...told, error_type: event.errorType, error: event.error };
    default:
      return told;
  }
}
