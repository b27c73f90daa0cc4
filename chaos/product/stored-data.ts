/** The contents of Temporal's database, read after every process that writes it has ended. */
export interface StoredData {
  /** Checks that the database is not corrupt. */
  verify(): Promise<Verified>;
  /** Returns the tasks in Temporal's transfer queue, each in upper-case hex. */
  transferTasks(): Promise<string[]>;
  /** Returns the ids of all stored runs, in lower-case hex without dashes. */
  runIds(): Promise<string[]>;
  close(): Promise<void>;
}

/** The result of `verify`, as a row of the verdict. */
export interface Verified {
  readonly what: string;
  readonly checked: number;
  readonly violations: readonly string[];
  readonly note: string;
}
