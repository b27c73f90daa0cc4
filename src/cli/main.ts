/** The command `holdfast` (bin/holdfast.js runs this): parse, act, tell what went wrong, leave with a documented code. */
import { CommanderError } from 'commander';
import { StartupError } from '../platform/startup-error.ts';
import { leaveWith } from './command.ts';
import { CliError, ProblemError } from './errors.ts';
import { note } from './output.ts';
import { createProgram } from './program.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has enough (`| head`) is no failure.
  if (error.code !== 'EPIPE') tell(new CliError('failed', `The output cannot be written: ${error.message}`));
  process.exit();
});
// Nobody is left to tell.
process.stderr.on('error', () => process.exit());

try {
  await createProgram().parseAsync();
} catch (error) {
  tell(error);
}

function tell(error: unknown): void {
  // Commander has told its own; help that was asked for is no error.
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

/** A fault of ours: its place is what a report of it needs. */
function traced(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
