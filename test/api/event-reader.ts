import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Json } from '../rig/http-client.ts';

export interface Told {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Json;
}

/** Events of a stream, until it ends or the reader leaves. Throws where the answer is no stream. */
export async function* readEvents(
  url: string,
  options: { readonly lastEventId?: string; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Told> {
  const { lastEventId, signal } = options;
  const response = await fetch(url, {
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
    ...(signal && { signal }),
  });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  const parsed: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => parsed.push(event) });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    parser.feed(text);
    for (const { id, event, data } of parsed.splice(0)) yield { id, event, data: JSON.parse(data) as Json };
  }
}

export async function allEvents(url: string, lastEventId?: string): Promise<Told[]> {
  const told: Told[] = [];
  for await (const one of readEvents(url, lastEventId === undefined ? {} : { lastEventId })) told.push(one);
  return told;
}
