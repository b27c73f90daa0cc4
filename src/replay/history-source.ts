/** One history, and where it comes from. */
export interface HistorySource {
  /** The call's id if the file holds it, else the file's name. Without control characters. */
  readonly name: string;
  /** JSON, or an `Error` if it could not be read. */
  readonly history: unknown;
}
