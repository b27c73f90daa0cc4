/** Names from files are shown on terminals: no control characters. */
export function printable(name: string): string {
  return name.replaceAll(/\p{Cc}/gu, '?');
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
