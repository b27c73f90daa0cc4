/** Declares commands. Each has examples in its help and takes --json. main.ts reports what an action throws. */
import type { Command } from 'commander';
import { loadCliSettings } from '../platform/cli-settings.ts';
import { CliError } from './errors.ts';
import { exitCodes, type ExitName } from './exit-codes.ts';
import { NodeClient } from './http.ts';
import { Output } from './output.ts';

/** The first argument of the action of a command that uses a node. */
export interface Context {
  readonly client: NodeClient;
  readonly out: Output;
}

interface CommonOptions {
  readonly json?: true;
  readonly url?: string;
  readonly project?: string;
}

/** Adds a command to `parent`. `usage` is its name and arguments in commander's syntax, e.g. `show <call-id>`. */
export function declare(
  parent: Command,
  usage: string,
  summary: string,
  examples: readonly string[],
): Command {
  return withExamples(parent.command(usage).description(summary), examples).option(
    '--json',
    'print JSON, for programs',
  );
}

/** Adds a command that sends requests to a node. Such a command takes --url and --project too. */
export function declareForNode(...declaration: Parameters<typeof declare>): Command {
  return declare(...declaration)
    .option('--url <url>', 'URL of the node (default: HOLDFAST_URL)')
    .option('--project <name>', "project that it is about (default: HOLDFAST_PROJECT, then the key's)");
}

/** Adds examples to the help, each without the word `holdfast`. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText(
    'after',
    `\n${[title, ...examples.map((one) => `  $ holdfast ${one}`)].join('\n')}`,
  );
}

/**
 * Wraps a function that uses a node as a commander action. The function returns the name of the exit code, or undefined for
 * `ok`. The action throws `CliError` if an argument is empty.
 */
export function withNode<A extends unknown[]>(
  action: (context: Context, ...args: A) => Promise<ExitName | undefined>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    // Commander passes the arguments, then the options, then the command.
    const { json = false, url, project } = args.at(-2) as CommonOptions;
    // With an empty id the path would be that of another endpoint.
    if (args.slice(0, -2).flat().includes(''))
      throw new CliError('usage', 'An argument is empty. Is a shell variable not set?');
    const client = new NodeClient(loadCliSettings(process.env, { url, project }));
    try {
      leaveWith(await action({ client, out: new Output(json) }, ...args));
    } finally {
      await client.close();
    }
  };
}

/**
 * Wraps a function that uses no node as a commander action. The function returns the name of the exit code, or undefined for
 * `ok`.
 */
export function withOutput<A extends unknown[]>(
  action: (out: Output, ...args: A) => Promise<ExitName | undefined>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const { json = false } = args.at(-2) as CommonOptions;
    leaveWith(await action(new Output(json), ...args));
  };
}

/** Sets the exit code. The process ends by itself once all output is written; `process.exit` would truncate it. */
export function leaveWith(name: ExitName = 'ok'): void {
  process.exitCode = exitCodes[name].code;
}
