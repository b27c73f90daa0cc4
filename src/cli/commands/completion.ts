/** `completion SHELL`, and the hidden `complete` that its scripts ask. */
import { Argument, type Command } from 'commander';
import { withExamples } from '../command.ts';
import { candidatesAfter } from '../completion/candidates.ts';
import { scripts, shells, type Shell } from '../completion/scripts.ts';

export function addCompletionCommands(program: Command): void {
  withExamples(
    program
      .command('completion')
      .description('print what completes this command in a shell')
      .addArgument(new Argument('<shell>', 'which').choices(shells))
      .action((shell: Shell) => {
        process.stdout.write(`${scripts[shell]}\n`);
      }),
    ['completion bash > ~/.local/share/bash-completion/completions/holdfast'],
  );
  program.command('complete [words...]', { hidden: true }).action((words: string[]) => {
    for (const { word, description } of candidatesAfter(program, words))
      process.stdout.write(`${word}\t${description}\n`);
  });
}
