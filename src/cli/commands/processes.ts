/** The commands `start` and `worker`. They run the entry points of `npm start` and `npm run worker` in this process. */
import type { Command } from 'commander';
import { withExamples } from '../command.ts';

/** Declares both commands. */
export function addProcessCommands(program: Command): void {
  withExamples(
    program
      .command('start')
      .description(
        'run a node: the API, a worker, and an embedded Temporal server unless TEMPORAL_ADDRESS is set',
      )
      .action(async () => {
        await import('../../node/server.ts');
      }),
    ['start'],
  );
  withExamples(
    program
      .command('worker')
      .description('run only a worker, for the Temporal server at TEMPORAL_ADDRESS')
      .action(async () => {
        await import('../../../worker.ts');
      }),
    ['worker'],
  );
}
