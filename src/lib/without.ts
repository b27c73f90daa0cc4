/** Returns a copy of the object without some of its members. */
export function without<T extends object, K extends keyof T>(
  object: T,
  ...members: readonly K[]
): Omit<T, K> {
  const left = Object.entries(object).filter(([name]) => !members.includes(name as K));
  return Object.fromEntries(left) as Omit<T, K>;
}
