import { InvalidArgumentError } from 'commander';

/** One value of JSON, as it was written. */
export type JsonText = string & { readonly json: true };

/** An option's parser. `what` and `example` are for who gives something else. */
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
