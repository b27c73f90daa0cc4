/** What a rerun's memo tells of its family (rerun-family.ts). */
export interface RerunMemo {
  /** The first call of the family whose number it took. */
  readonly root: string;
  /** Absent where its id is made of an Idempotency-Key: then a link has the number. */
  readonly number?: number;
  /** It asks with a prompt of its own, and so begins a family of its own. */
  readonly ownPrompt?: true;
  readonly batchId?: string;
}
