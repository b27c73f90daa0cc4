/** What a session's metadata takes, and may yet take by the calls that hold or wait for its turn; in bytes as JSON. */
import { sizeAsJson } from './json-bytes.ts';
import type { Metadata, SessionLimits, SessionState } from './session.ts';

export class MetadataRoom {
  private readonly maxBytes: number;
  private readonly expected: Map<string, number>;
  private heldBytes: number;

  constructor({ metadata, expectedMetadata = {} }: SessionState, { maxMetadataBytes }: SessionLimits) {
    this.maxBytes = maxMetadataBytes ?? Infinity;
    this.expected = new Map(Object.entries(expectedMetadata));
    this.heldBytes = sizeAsJson(metadata);
  }

  /** Whether a call may add so much. */
  takes(bytes: number): boolean {
    let all = this.heldBytes + bytes;
    for (const expected of this.expected.values()) all += expected;
    return bytes === 0 || all <= this.maxBytes;
  }

  expect(callId: string, bytes: number): void {
    if (bytes > 0) this.expected.set(callId, bytes);
  }

  forget(callId: string): void {
    this.expected.delete(callId);
  }

  /** It is this now. */
  hold(metadata: Metadata): void {
    this.heldBytes = sizeAsJson(metadata);
  }

  /** For continue-as-new. */
  state(): Pick<SessionState, 'expectedMetadata'> {
    return this.expected.size > 0 ? { expectedMetadata: Object.fromEntries(this.expected) } : {};
  }
}
