/** One history to replay, and where it was read from. */
export interface HistorySource {
  /** The call's id if the file contains it, otherwise the file's name. It contains no control characters. */
  readonly name: string;
  /** The parsed JSON, or an `Error` that says why the history could not be read. */
  readonly history: unknown;
}
