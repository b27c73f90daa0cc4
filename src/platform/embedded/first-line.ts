/** Why something failed, on one line of at most 300 characters; a fetch tells its reason only in its cause. */
export function firstLineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  const text = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return (text.split('\n')[0] ?? '').slice(0, 300);
}
