/** `npm run histories`: records histories of workflows into test/replay/histories, where CI replays them. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { historyToJSON } from '../src/temporal-sdk/history-json.ts';
import { packageRoot } from '../src/platform/paths.ts';
import { runMain } from '../src/platform/shutdown.ts';
import { StartupError } from '../src/platform/startup-error.ts';
import { scenarios, type Scenario } from '../test/replay/scenarios.ts';
import { openStage } from '../test/replay/stage.ts';
import { withoutMachine } from './without-machine.ts';

const usage = `npm run histories                records the scenarios of test/replay/scenarios.ts that have no history yet
npm run histories -- NAME...     records these anew
npm run histories -- --all       records all anew

A recorded history stands for calls that run somewhere: once it is recorded anew, it no longer shows whether workers of
today can continue those calls. Do that only with a history that no released version has made.`;

const folder = join(packageRoot, 'test', 'replay', 'histories');
const fileOf = (name: string): string => join(folder, `${name}.json`);

await runMain(async () => {
  const chosen = chooseScenarios();
  if (!chosen) {
    console.log(usage);
    return;
  }
  await mkdir(folder, { recursive: true });
  for (const scenario of chosen) await record(scenario);
  if (chosen.length === 0) console.log('Every scenario has its history. See npm run histories -- --help');
});

/** Returns undefined for --help. */
function chooseScenarios(): readonly Scenario[] | undefined {
  const { all, help, names } = readArguments();
  if (help) return undefined;
  if (all) return scenarios;
  if (names.length === 0) return scenarios.filter(({ name }) => !existsSync(fileOf(name)));
  return names.map((name) => {
    const scenario = scenarios.find((one) => one.name === name);
    if (scenario) return scenario;
    const known = scenarios.map((one) => one.name).join(', ');
    throw new StartupError(`No scenario is called ${name}; there are ${known}`);
  });
}

function readArguments(): { all: boolean; help: boolean; names: readonly string[] } {
  const boolean = { type: 'boolean', default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { all: boolean, help: { ...boolean, short: 'h' } },
    });
    if (values.all && positionals.length > 0) throw new Error('Names, or --all');
    return { ...values, names: positionals };
  } catch (error) {
    throw new StartupError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

/** Records one scenario on a node of its own, so that scenarios are independent. Writes its histories only if they replay. */
async function record({ name, settings, run }: Scenario): Promise<void> {
  const stage = await openStage(settings);
  let history;
  try {
    const workflowId = await run(stage);
    history = await stage.temporal.workflow.getHandle(workflowId).fetchHistory();
  } finally {
    await stage.close();
  }
  await writeFile(fileOf(name), `${withoutMachine(historyToJSON(history))}\n`);
  console.log(`${name}: ${history.events?.length ?? 0} events`);
}
