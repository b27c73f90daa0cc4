/** What came of a try, or of an event that was not sent. */
interface Tried {
  /** The HTTP status. */
  readonly status: number | null;
  readonly error: string | null;
}

/** Says what came of a try: the HTTP status, or why there was none. Empty if nothing is known. */
export function triedWords({ status, error }: Tried): string {
  return error ?? (status === null ? '' : `HTTP ${status}`);
}
