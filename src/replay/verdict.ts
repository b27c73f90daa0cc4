/** The result of replaying one history on the current workflow code. `name`: the name of its `HistorySource`. */
export type Verdict =
  | { readonly name: string; readonly verdict: 'same' }
  | ({ readonly name: string; readonly verdict: 'non_deterministic' } & Divergence)
  | { readonly name: string; readonly verdict: 'unreadable'; readonly message: string };

/** The first difference between the history and the commands of the current code. */
export interface Divergence {
  /** The id of the event at which they differ, or null if Temporal's error names none. */
  readonly eventId: number | null;
  /**
   * That event in the history, e.g. `ActivityTaskScheduled callAgent`: the command that the code should have issued. Null if
   * the event is unknown.
   */
  readonly expected: string | null;
  /** Temporal's error message. */
  readonly message: string;
}

/** How many histories were replayed, by verdict. */
export interface Summary {
  readonly total: number;
  readonly same: number;
  readonly nonDeterministic: number;
  readonly unreadable: number;
  readonly durationMs: number;
}
