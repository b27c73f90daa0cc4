import { InvalidArgumentError } from 'commander';

/** A text that is valid JSON, as the user wrote it. */
export type JsonText = string & { readonly json: true };

/**
 * Makes a parser for options that take JSON. The parser throws `InvalidArgumentError` if the text is not JSON or `takes`
 * rejects its value. The message says `what` is expected and gives an `example`.
 */
export function jsonText(what: string, example: string, takes: (value: unknown) => boolean = () => true) {
  return (text: string): JsonText => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    if (value === undefined || !takes(value))
      throw new InvalidArgumentError(`Takes ${what}, e.g. '${example}'.`);
    return text as JsonText;
  };
}
