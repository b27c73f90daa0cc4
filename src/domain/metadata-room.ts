/**
 * Keeps a session's metadata within its limit. Counts what the session holds and reserves what the calls that hold or wait
 * for a turn may still add. All sizes are bytes as JSON.
 */
import { sizeAsJson } from './json-bytes.ts';
import type { Metadata } from './message.ts';
import type { SessionLimits, SessionState } from './session.ts';

export class MetadataRoom {
  private readonly maxBytes: number;
  private readonly expected: Map<string, number>;
  private heldBytes: number;

  constructor({ metadata, expectedMetadata = {} }: SessionState, { maxMetadataBytes }: SessionLimits) {
    this.maxBytes = maxMetadataBytes ?? Infinity;
    this.expected = new Map(Object.entries(expectedMetadata));
    this.heldBytes = sizeAsJson(metadata);
  }

  /** Whether one more call may add this many bytes of metadata. */
  takes(bytes: number): boolean {
    let all = this.heldBytes + bytes;
    for (const expected of this.expected.values()) all += expected;
    return bytes === 0 || all <= this.maxBytes;
  }

  /** Reserves room for the bytes of metadata that the call may add. */
  expect(callId: string, bytes: number): void {
    if (bytes > 0) this.expected.set(callId, bytes);
  }

  /** Frees the room that is reserved for the call. */
  forget(callId: string): void {
    this.expected.delete(callId);
  }

  /** Sets the metadata that the session now holds. */
  hold(metadata: Metadata): void {
    this.heldBytes = sizeAsJson(metadata);
  }

  /** Returns the reservations, for the state that a continue-as-new carries over. */
  state(): Pick<SessionState, 'expectedMetadata'> {
    return this.expected.size > 0 ? { expectedMetadata: Object.fromEntries(this.expected) } : {};
  }
}
