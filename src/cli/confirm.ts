import { createInterface } from 'node:readline/promises';
import { sanitize } from './sanitize.ts';
import { CliError } from './errors.ts';

/** Asks on a terminal; elsewhere nobody could answer, so --yes must have been said. Throws unless it is a yes. */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CliError('usage', `${question} Nobody can answer here: say --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${sanitize(question)} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('usage', 'Nothing was done');
  } finally {
    terminal.close();
  }
}
