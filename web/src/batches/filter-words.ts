import { when, words } from '../format.ts';

/** Formats a batch's filter as one line of words; `all` if the filter is empty. */
export function filterWords(filter: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(filter)
    .filter(([, value]) => value != null)
    .map(([name, value]) => `${words(name)} ${valueWords(name, String(value))}`);
  return parts.length === 0 ? 'all' : parts.join(', ');
}

/** Formats the value of a filter: a time in the format of the desk, any other value unchanged. */
export function valueWords(name: string, value: string): string {
  const isTime = /^(since|until)$/.test(name) && /^\d{4}-/.test(value) && !Number.isNaN(Date.parse(value));
  return isTime ? when(value) : value;
}
