/** The part of a rerun's memo that is about its family (rerun-family.ts). */
export interface RerunMemo {
  /** The id of the root of the family in which the rerun has a number. */
  readonly root: string;
  /** The rerun's number. Absent if the rerun's id derives from an Idempotency-Key: then a link has the number. */
  readonly number?: number;
  /** Set if the rerun has another prompt than the call that it runs again, so that it begins a new family. */
  readonly ownPrompt?: true;
  readonly batchId?: string;
}
