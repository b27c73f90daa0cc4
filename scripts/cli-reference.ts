/** Generates the reference in docs/cli.md from the help of each command. */
import type { Command } from 'commander';
import { exitCodes } from '../src/cli/exit-codes.ts';
import { createProgram } from '../src/cli/program.ts';

const width = 100;

/** Every command that can be run, in the order of the help. A group is represented by its commands. */
export function cliReference(): string {
  return leavesOf(createProgram())
    .map((command) => `### holdfast ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``)
    .join('\n\n');
}

export function leavesOf(command: Command): Command[] {
  const below = command.createHelp().visibleCommands(command);
  const own = below.filter((one) => one.name() !== 'help');
  return own.length === 0 ? [command] : own.flatMap(leavesOf);
}

export function exitCodeRows(): string[][] {
  return Object.values(exitCodes).map(({ code, when }) => [String(code), when]);
}

/** The help as on a terminal of this width, with the examples. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}

function pathOf(command: Command): string {
  const above = command.parent;
  return above?.parent ? `${pathOf(above)} ${command.name()}` : command.name();
}
