import { words } from '../format.ts';

/** A batch's filter in one line. */
export function filterWords(filter: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(filter)
    .filter(([, value]) => value != null)
    .map(([name, value]) => `${words(name)} ${String(value)}`);
  return parts.length === 0 ? 'all' : parts.join(', ');
}
