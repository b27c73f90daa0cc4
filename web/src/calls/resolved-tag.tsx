/** Marks a failed call of which a rerun was answered. */
export function ResolvedTag({ of }: { of: boolean | null | undefined }) {
  return of === true ? <span class="tag resolved">resolved</span> : null;
}
