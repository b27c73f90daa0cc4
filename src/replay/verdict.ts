/** What replaying one history on today's workflow code told. */
export type Verdict =
  | { readonly name: string; readonly verdict: 'same' }
  | ({ readonly name: string; readonly verdict: 'non_deterministic' } & Divergence)
  | { readonly name: string; readonly verdict: 'unreadable'; readonly message: string };

/** Where history and code part. */
export interface Divergence {
  /** The event at which they part; null where Temporal names none. */
  readonly eventId: number | null;
  /** What the history holds there, e.g. `ActivityTaskScheduled callAgent`: the command that the code was to give. */
  readonly expected: string | null;
  /** Temporal's own sentence. */
  readonly message: string;
}

export interface Summary {
  readonly total: number;
  readonly same: number;
  readonly nonDeterministic: number;
  readonly unreadable: number;
  readonly durationMs: number;
}
