/**
 * `npm run histories`: records the history of every scenario anew into test/replay/histories. Do that when a scenario
 * is added; after a change of workflow code only together with a patch, so that the old ones replay too.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { packageRoot } from '../src/platform/paths.ts';
import { scenarios, stageOf } from '../test/replay/scenarios.ts';
import { startTestNode } from '../test/rig/test-node.ts';

const folder = join(packageRoot, 'test', 'replay', 'histories');
await mkdir(folder, { recursive: true });
const test = await startTestNode();
const stage = stageOf(test);
for (const { name, run } of scenarios) {
  const workflowId = await run(stage);
  const history = await test.temporal.workflow.getHandle(workflowId).fetchHistory();
  await writeFile(join(folder, `${name}.json`), `${withoutMachine(historyToJSON(history))}\n`);
  console.log(`${name}: ${history.events?.length ?? 0} events`);
}
await stage.close();
await test.close();
process.exit(0);

/** Names of this machine, its processes and paths do not belong into the repository. */
function withoutMachine(json: string): string {
  return JSON.stringify(JSON.parse(json), (key, value: unknown) => {
    if (key === 'identity' || key === 'stackTrace') return '';
    return value;
  });
}
