/** An object's own member; undefined if it has none, or if `value` is no object. Never one inherited from a prototype. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
