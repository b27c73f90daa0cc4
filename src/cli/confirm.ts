import { createInterface } from 'node:readline/promises';
import { sanitize } from './sanitize.ts';
import { CliError } from './errors.ts';

/**
 * Asks the user to confirm, unless `yes` (the option --yes) is given. Throws `CliError` if the answer is not yes, and also
 * without a terminal, because then nobody can answer.
 */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CliError('usage', `${question} Without a terminal nobody can answer: add --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${sanitize(question)} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('usage', 'Nothing was done');
  } finally {
    terminal.close();
  }
}
