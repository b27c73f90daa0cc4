/** `start` and `worker`: the same entry points as npm start and npm run worker, in this process. */
import type { Command } from 'commander';
import { withExamples } from '../command.ts';

export function addProcessCommands(program: Command): void {
  withExamples(
    program
      .command('start')
      .description('run a node: the API, a worker, and Temporal unless TEMPORAL_ADDRESS names a server')
      .action(async () => {
        await import('../../node/server.ts');
      }),
    ['start'],
  );
  withExamples(
    program
      .command('worker')
      .description('run a worker alone, for the Temporal server of TEMPORAL_ADDRESS')
      .action(async () => {
        await import('../../../worker.ts');
      }),
    ['worker'],
  );
}
