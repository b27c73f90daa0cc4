/**
 * Entry point of the command `holdfast`, which bin/holdfast.js runs: parses the arguments, runs the command, prints errors and
 * sets the exit code.
 */
import { CommanderError } from 'commander';
import { StartupError } from '../platform/startup-error.ts';
import { leaveWith } from './command.ts';
import { CliError, ProblemError } from './errors.ts';
import { note } from './output.ts';
import { createProgram } from './program.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // EPIPE: the reader has closed the pipe, as `| head` does. That is not a failure.
  if (error.code !== 'EPIPE')
    report(new CliError('failed', `The output cannot be written: ${error.message}`));
  process.exit();
});
// Without standard error nothing more can be reported.
process.stderr.on('error', () => process.exit());

try {
  await createProgram().parseAsync();
} catch (error) {
  report(error);
}

function report(error: unknown): void {
  // Commander has printed its own message. Requested help exits with 0.
  if (error instanceof CommanderError) {
    leaveWith(error.exitCode === 0 ? 'ok' : 'usage');
    return;
  }
  if (process.argv.includes('--json')) process.stderr.write(`${JSON.stringify({ error: asJson(error) })}\n`);
  else note(error instanceof CliError || error instanceof StartupError ? error.message : traced(error));
  leaveWith(error instanceof CliError ? error.exit : error instanceof StartupError ? 'usage' : 'failed');
}

function asJson(error: unknown): unknown {
  if (error instanceof ProblemError) return error.problem;
  return { title: error instanceof CliError ? error.exit : 'failed', detail: (error as Error).message };
}

/** Formats an unexpected error, i.e. a bug of the command line, with its stack, because a bug report needs it. */
function traced(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
