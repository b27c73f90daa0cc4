/**
 * Encodes and decodes what Temporal stores for Holdfast: arguments, results, memos, heartbeats, details of failures. A codec,
 * such as one that encrypts, belongs only here: into `dataConverter` for what the SDK writes and reads, and into
 * `decodePayload` for what Holdfast reads from raw answers and histories.
 */
import { defaultPayloadConverter, type DataConverter, type Payload } from '@temporalio/common';

/** The data converter that every client, worker and replay of a process uses. */
export const dataConverter: DataConverter = { payloadCodecs: [] };

/** Decodes the value of a payload. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the payload converter's own
export function decodePayload<T>(payload: Payload): T {
  return defaultPayloadConverter.fromPayload<T>(payload);
}

/** Decodes the first of the payloads that an event or a heartbeat carries; undefined if there is none. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the payload converter's own
export function readPayload<T>(
  payloads: { readonly payloads?: readonly Payload[] | null | undefined } | null | undefined,
): T | undefined {
  const payload = payloads?.payloads?.[0];
  return payload ? decodePayload<T>(payload) : undefined;
}
