import type { Command, Option } from 'commander';

/** A word that the user may type next, and its description. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/**
 * Returns the candidates for the word after `words`, which do not include `holdfast` itself: subcommands, choices and options.
 * Empty if the next word is free text or a file.
 */
export function candidatesAfter(program: Command, words: readonly string[]): Candidate[] {
  const { command, pendingOption, argumentsGiven } = walk(program, words);
  if (pendingOption) return choices(pendingOption.argChoices);
  const help = command.createHelp();
  const below = help.visibleCommands(command).map((one) => candidate(one.name(), one.description()));
  const argument = command.registeredArguments[argumentsGiven];
  const options = help
    .visibleOptions(command)
    .map((one) => candidate(one.long ?? one.flags, one.description));
  return [...below, ...choices(argument?.argChoices), ...options];
}

/** Where in the tree of commands the cursor is. */
interface Position {
  readonly command: Command;
  /** The option that expects its value as the next word. */
  readonly pendingOption: Option | undefined;
  readonly argumentsGiven: number;
}

function walk(program: Command, words: readonly string[]): Position {
  let position: Position = { command: program, pendingOption: undefined, argumentsGiven: 0 };
  for (const word of words) {
    const { command, pendingOption, argumentsGiven } = position;
    const below = command.commands.find((one) => one.name() === word);
    if (pendingOption) position = { command, pendingOption: undefined, argumentsGiven };
    else if (word.startsWith('-') && word !== '-')
      position = { command, pendingOption: optionWithValue(command, word), argumentsGiven };
    else if (below) position = { command: below, pendingOption: undefined, argumentsGiven: 0 };
    else position = { command, pendingOption: undefined, argumentsGiven: argumentsGiven + 1 };
  }
  return position;
}

/** Returns the option that `word` names, if that option takes a value. */
function optionWithValue(command: Command, word: string): Option | undefined {
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
