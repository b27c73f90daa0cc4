import type { Command, Option } from 'commander';

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What may come after these words (without `holdfast` itself). Nothing, where a text or a file is wanted. */
export function candidatesAfter(program: Command, words: readonly string[]): Candidate[] {
  const { command, wanting, argumentsGiven } = walk(program, words);
  if (wanting) return choices(wanting.argChoices);
  const help = command.createHelp();
  const below = help.visibleCommands(command).map((one) => candidate(one.name(), one.description()));
  const argument = command.registeredArguments[argumentsGiven];
  const options = help
    .visibleOptions(command)
    .map((one) => candidate(one.long ?? one.flags, one.description));
  return [...below, ...choices(argument?.argChoices), ...options];
}

interface Place {
  readonly command: Command;
  /** The option before the cursor, where its value comes next. */
  readonly wanting: Option | undefined;
  readonly argumentsGiven: number;
}

function walk(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, wanting: undefined, argumentsGiven: 0 };
  for (const word of words) {
    const { command, wanting, argumentsGiven } = place;
    const below = command.commands.find((one) => one.name() === word);
    if (wanting) place = { command, wanting: undefined, argumentsGiven };
    else if (word.startsWith('-') && word !== '-')
      place = { command, wanting: valued(command, word), argumentsGiven };
    else if (below) place = { command: below, wanting: undefined, argumentsGiven: 0 };
    else place = { command, wanting: undefined, argumentsGiven: argumentsGiven + 1 };
  }
  return place;
}

/** The option that this word is, if its value is the next word. */
function valued(command: Command, word: string): Option | undefined {
  return command.options.find(
    (option) => (option.long === word || option.short === word) && (option.required || option.optional),
  );
}

function choices(of: readonly string[] | undefined): Candidate[] {
  return (of ?? []).map((word) => candidate(word, ''));
}

function candidate(word: string, description: string): Candidate {
  return { word, description };
}
