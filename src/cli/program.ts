/** The tree of commands. Creating it has no side effects: the docs and the shell completion are generated from it. */
import { Command } from 'commander';
import { version } from '../platform/version.ts';
import { withExamples } from './command.ts';
import { addAgentCommands } from './commands/agents.ts';
import { addAlertCommands } from './commands/alerts.ts';
import { addCallCommand } from './commands/call.ts';
import { addCallsCommands } from './commands/calls.ts';
import { addCompletionCommands } from './commands/completion.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addFiguresCommand } from './commands/figures.ts';
import { addHealthCommand } from './commands/health.ts';
import { addProjectCommands } from './commands/projects.ts';
import { addKeyCommands } from './commands/keys.ts';
import { addNodesCommand } from './commands/nodes.ts';
import { addProcessCommands } from './commands/processes.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addRerunCommand } from './commands/rerun.ts';
import { addSessionCommands } from './commands/sessions.ts';
import { addWebhookCommands } from './commands/webhooks.ts';
import { addWhatIfCommand } from './commands/whatif.ts';

/** Creates a new tree of all commands. */
export function createProgram(): Command {
  const program = new Command('holdfast')
    .description('Durable calls to remote AI agents: run a node, ask agents, find and rerun failed calls')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(see --help)')
    .exitOverride();
  withExamples(program, ['start', 'call helper "Hello!"', 'calls list --status failed --since 12h']);
  addProcessCommands(program);
  addCallCommand(program);
  addAgentCommands(program);
  addHealthCommand(program);
  addSessionCommands(program);
  addCallsCommands(program);
  addFiguresCommand(program);
  addReplayCommand(program);
  addRerunCommand(program);
  addWhatIfCommand(program);
  addProjectCommands(program);
  addKeyCommands(program);
  addWebhookCommands(program);
  addAlertCommands(program);
  addNodesCommand(program);
  addDoctorCommand(program);
  addCompletionCommands(program);
  return program;
}
