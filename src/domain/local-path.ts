/**
 * Whether a browser that is sent to `to` stays at this node: a path, without anything that browsers read as another host.
 * They take a backslash for a slash, and leave out tabs and line breaks.
 */
export function isLocalPath(to: string): boolean {
  return /^\/(?![/\\])[^\\\p{Cc}\p{Cs}]*$/u.test(to);
}
