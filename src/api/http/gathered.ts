/** Gathers the parameters `<member>.<name>` of a query in one member, which its schema has as a record. */
export function gathered(query: Readonly<Record<string, unknown>>, member: string): Record<string, unknown> {
  const prefix = `${member}.`;
  const [own, others] = [new Map<string, unknown>(), new Map<string, unknown>()];
  for (const [name, value] of Object.entries(query))
    if (name.startsWith(prefix)) own.set(name.slice(prefix.length), value);
    else others.set(name, value);
  if (own.size > 0) others.set(member, Object.fromEntries(own));
  return Object.fromEntries(others);
}
