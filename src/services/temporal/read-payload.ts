import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal as proto } from '@temporalio/proto';

/** The first of what an event carries; undefined if it carries nothing. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as the payload converter's own
export function readPayload<T>(payloads: proto.api.common.v1.IPayloads | null | undefined): T | undefined {
  const payload = payloads?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<T>(payload) : undefined;
}
