/**
 * Returns an object's own member; undefined if the object does not have it, or if `value` is not an object. Never returns a
 * member inherited from a prototype.
 */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
