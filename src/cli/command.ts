/** How a command is declared: its help has an example, it takes --json, and what it throws reaches main.ts. */
import type { Command } from 'commander';
import { loadCliSettings } from '../platform/cli-settings.ts';
import { CliError } from './errors.ts';
import { exitCodes, type ExitName } from './exit-codes.ts';
import { NodeClient } from './http.ts';
import { Output } from './output.ts';

export interface Context {
  readonly client: NodeClient;
  readonly out: Output;
}

interface CommonOptions {
  readonly json?: true;
  readonly url?: string;
}

/** `usage` as commander takes it, e.g. `show <call-id>`. */
export function declare(
  parent: Command,
  usage: string,
  summary: string,
  examples: readonly string[],
): Command {
  return withExamples(parent.command(usage).description(summary), examples).option(
    '--json',
    'print JSON for programs',
  );
}

/** A command that talks to a node. */
export function declareForNode(...declaration: Parameters<typeof declare>): Command {
  return declare(...declaration).option('--url <url>', 'of the node; default HOLDFAST_URL');
}

export function withExamples(command: Command, examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText(
    'after',
    `\n${[title, ...examples.map((one) => `  $ holdfast ${one}`)].join('\n')}`,
  );
}

/** The action of a command for a node. What it returns is the exit code, `ok` where it returns nothing. */
export function withNode<A extends unknown[]>(
  action: (context: Context, ...args: A) => Promise<ExitName | undefined>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    // Commander's order: the arguments, the options, the command.
    const { json = false, url } = args.at(-2) as CommonOptions;
    // An empty id would make the path another endpoint's.
    if (args.slice(0, -2).flat().includes(''))
      throw new CliError('usage', 'An argument is empty: is a variable of the shell not set?');
    const client = new NodeClient(loadCliSettings(process.env, url));
    try {
      leaveWith(await action({ client, out: new Output(json) }, ...args));
    } finally {
      await client.close();
    }
  };
}

/** The same for a command that talks to none. */
export function withOutput<A extends unknown[]>(
  action: (out: Output, ...args: A) => Promise<ExitName | undefined>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const { json = false } = args.at(-2) as CommonOptions;
    leaveWith(await action(new Output(json), ...args));
  };
}

/** At the end of all output, which process.exit would cut. */
export function leaveWith(name: ExitName = 'ok'): void {
  process.exitCode = exitCodes[name].code;
}
