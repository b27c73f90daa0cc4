/** The command `completion <shell>`, and the hidden command `complete` that its scripts run. */
import { Argument, type Command } from 'commander';
import { withExamples } from '../command.ts';
import { candidatesAfter } from '../completion/candidates.ts';
import { scripts, shells, type Shell } from '../completion/scripts.ts';

/** Declares both commands. */
export function addCompletionCommands(program: Command): void {
  withExamples(
    program
      .command('completion')
      .description('print a completion script for a shell')
      .addArgument(new Argument('<shell>', 'the shell').choices(shells))
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
