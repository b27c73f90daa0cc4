/** The part of a rerun's memo that is about its family (rerun-family.ts). */
export interface RerunMemo {
  /** Id of the root of the family whose number it has. */
  readonly root: string;
  /** Absent if the rerun's id is made of an Idempotency-Key: then a link has the number. */
  readonly number?: number;
  /** It has another prompt than the call that it runs again, so it begins a family of its own. */
  readonly ownPrompt?: true;
  readonly batchId?: string;
}
