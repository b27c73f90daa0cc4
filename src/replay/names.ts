/** Replaces control characters by `?`, because names from files are shown on terminals, which would obey them. */
export function printable(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, '?');
}

/** Returns the error itself if it is an `Error`, otherwise an `Error` with the value as its message. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
