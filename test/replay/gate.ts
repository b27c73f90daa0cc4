/** The gate for changes of workflow code: every recorded history must replay, and an error says what to do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '../../src/temporal-sdk/history-json.ts';
import { Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { packageRoot } from '../../src/platform/paths.ts';
import { divergenceOf } from '../../src/replay/divergence.ts';

export const historiesFolder = join(packageRoot, 'test', 'replay', 'histories');

export function readHistory(name: string): string {
  return readFileSync(join(historiesFolder, `${name}.json`), 'utf8');
}

type History = ReturnType<typeof historyFromJSON>;
type Bundle = ReplayWorkerOptions['workflowBundle'];

/** Throws an error with the history's name, the event at which it differs from the code, and what to do. */
export async function replay(
  name: string,
  workflowBundle: Exclude<Bundle, undefined>,
  json = readHistory(name),
): Promise<void> {
  try {
    await Worker.runReplayHistory({ workflowBundle }, JSON.parse(json));
  } catch (error) {
    throw withAdvice(name, json, error);
  }
}

/** The errors of the histories that do not replay, by name. One worker replays them all, because its start takes time. */
export async function divergencesOf(
  names: readonly string[],
  workflowBundle: Exclude<Bundle, undefined>,
): Promise<ReadonlyMap<string, Error>> {
  const histories = names.map((name) => ({
    workflowId: name,
    history: JSON.parse(readHistory(name)) as History,
  }));
  const found = new Map<string, Error>();
  for await (const { workflowId: name, error } of Worker.runReplayHistories({ workflowBundle }, histories))
    if (error) found.set(name, withAdvice(name, readHistory(name), error));
  return found;
}

function withAdvice(name: string, json: string, error: unknown): Error {
  return new Error(advice(name, json, error instanceof Error ? error.message : String(error)), {
    cause: error,
  });
}

function advice(name: string, json: string, message: string): string {
  const divergence = divergenceOf(message, historyFromJSON(JSON.parse(json)));
  const [event] = divergence?.expected?.split(' ') ?? [];
  const place = divergence && event ? `, at event ${String(divergence.eventId)} (${event})` : '';
  return `
The history ${name} does not replay on this workflow code${place}.
${divergence?.message ?? message}

Calls or entities that are under way would get stuck at an upgrade: no worker could go on with what they did so far.
What to do:
1. Keep the old way for them, and put the new one behind a patch:
     import { patched } from '@temporalio/workflow';
     if (patched('what-is-new')) { the new way } else { the old way, as it was }
   Code that is only moved or renamed needs none: what counts is which activities, timers, signals and markers
   come in which order.
2. Never record this history anew to make it pass: it stands for what is under way somewhere.
3. The new way is a shape of its own: add a scenario to test/replay/scenarios.ts and run npm run histories, which
   records only what has no history yet.
CONTRIBUTING.md tells more under "Changing a workflow".
`;
}
