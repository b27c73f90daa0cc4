/** How people write the members of metadata that a webhook asks for: `name=value`, one by one. */
export type MetadataFilter = Readonly<Record<string, string | number | boolean>>;

/**
 * Parses `name=value`. A value that reads like a boolean or a number of JSON is one; in double quotes (a JSON string) it is
 * text, as is everything else. Undefined if there is no name.
 */
export function parseMember(text: string): [string, string | number | boolean] | undefined {
  const at = text.indexOf('=');
  return at < 1 ? undefined : [text.slice(0, at), parseValue(text.slice(at + 1))];
}

/** Writes a member so that `parseMember` reads the same again, unless its name has a `=`. */
export function memberText([name, value]: readonly [string, string | number | boolean]): string {
  const isPlain = typeof value !== 'string' || (parseValue(value) === value && !/^\s|\s$|\n/.test(value));
  return `${name}=${isPlain ? value : JSON.stringify(value)}`;
}

function parseValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  // A number that JavaScript would write otherwise, such as 007 or 9007199254740993, would not be the same any more.
  if (Number.isFinite(Number(text)) && String(Number(text)) === text) return Number(text);
  return (text.startsWith('"') ? unquoted(text) : undefined) ?? text;
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
