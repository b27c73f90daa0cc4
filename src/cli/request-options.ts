/** Parts of requests that users give on the command line or on standard input. */
import { text as readAll } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';
import { CliError } from './errors.ts';
import { jsonText } from './json-text.ts';
import { note } from './output.ts';

/** Parses the value of an option that takes metadata. Throws `InvalidArgumentError`. */
export const asObject = jsonText(
  'a JSON object',
  '{"channel": "mail"}',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/**
 * Checks an idempotency key. HTTP headers allow only printable ASCII and lose spaces at their ends. Throws
 * `InvalidArgumentError` if the key is not valid.
 */
export function asKey(text: string): string {
  if (!/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(text))
    throw new InvalidArgumentError('Takes 1 to 255 printable ASCII characters, no spaces at the ends.');
  return text;
}

/**
 * Returns the text that was given as an argument; reads it from standard input if it is missing or `-`. `what` names it in
 * messages. Throws `CliError` if standard input is empty.
 */
export async function givenText(given: string | undefined, what: string): Promise<string> {
  if (given !== undefined && given !== '-') return given;
  if (process.stdin.isTTY) note(`Type the ${what}, then press Ctrl-D`);
  const text = await readAll(process.stdin);
  if (text.trim() === '')
    throw new CliError('usage', `The ${what} is empty: give it as an argument or on standard input`);
  return text;
}
