/** What the database holds once nothing writes it any more. */
export interface StoredData {
  /** Whether it is whole. */
  verify(): Promise<Verified>;
  /** Temporal's queue of what it still has to do, in hex with capital letters. */
  transferTasks(): Promise<string[]>;
  /** Ids of every run that is there, in hex without dashes. */
  runIds(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Verified {
  readonly what: string;
  readonly checked: number;
  readonly violations: readonly string[];
  readonly note: string;
}
