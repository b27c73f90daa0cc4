import { InvalidArgumentError } from 'commander';

/** A text that is valid JSON, as the user wrote it. */
export type JsonText = string & { readonly json: true };

/**
 * A parser for options that take JSON. It throws `InvalidArgumentError` if the text is not JSON or `takes` rejects its value;
 * the message names `what` is expected and an `example`.
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
