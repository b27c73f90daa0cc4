/**
 * Returns an error's reason on one line of at most 300 characters. Includes the cause, because `fetch` gives its reason only
 * there.
 */
export function firstLineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  const text = cause instanceof Error ? `${message}: ${cause.message}` : message;
  return (text.split('\n')[0] ?? '').slice(0, 300);
}
