/**
 * `npx tsx bench/cpu-profile.ts [CALLS]` measures what a node's threads do for a call, by CPU profiles while calls are sent one
 * after the other. It profiles the node twice: as `npm start` runs it, and with call stacks. `--docs` writes the table and the
 * chart of docs/performance.md. The profiler slows everything down, small functions most, so only the shares are meaningful.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/paths.ts';
import { startAgents } from './agent-process.ts';
import { Children } from './children.ts';
import { readProfiles } from './cpu-profile/read-profiles.ts';
import { owners } from './cpu-profile/code-owner.ts';
import { call } from './http.ts';
import { runLanes } from './lanes.ts';
import { prepareNode } from './node-subjects.ts';
import { inTemporaryFolder, startProduct } from './product.ts';
import { stackedBars, type Stack } from './stacked-bars.ts';
import { forMarkdown, forTerminal, type Table } from './tables.ts';
import { withFigures } from './write-docs.ts';

const [first = '400'] = process.argv.slice(2).filter((word) => word !== '--docs');
const count = Number(first);
const warmUps = 100;
const kinds = [
  { title: 'call', body: { agent_name: 'quick' }, environment: {} },
  {
    title: 'with call stacks',
    body: { agent_name: 'quick' },
    environment: { HOLDFAST_WORKFLOW_CALL_STACKS: 'on' },
  },
  { title: 'in a session', body: { agent_name: 'quick', session_id: 'profiled' }, environment: {} },
];

const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);

const profiled: Stack[] = [];
for (const { title, body, environment } of kinds)
  await inTemporaryFolder(async (folder) => {
    console.error(title);
    const children = new Children();
    const profiles = join(folder, 'profiles');
    await mkdir(profiles);
    const span = { fromUs: 0, toUs: 0 };
    try {
      const nodeFlags = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
      const agents = await startAgents(children);
      const product = await startProduct(children, { dataDir: folder, environment, nodeFlags });
      await prepareNode(product, agents);
      const once = () => call(product.url, body);
      await runLanes(once, warmUps, 1);
      span.fromUs = nowUs();
      await runLanes(once, count, 1);
      span.toUs = nowUs();
    } finally {
      await children.stop(); // The node writes the profiles when it exits.
    }
    for (const { thread, parts } of await readProfiles(profiles, span, count))
      profiled.push({ title: `${title}: ${thread}`, parts });
  });

const table = tableOf(profiled);
console.log(forTerminal(table));
if (process.argv.includes('--docs')) {
  const page = join(packageRoot, 'docs', 'performance.md');
  await writeFile(page, withFigures(await readFile(page, 'utf8'), 'cpu-profile', forMarkdown(table)));
  const drawing = stackedBars('What the threads of a node do for a call, in ms', profiled, owners);
  await writeFile(join(packageRoot, 'docs', 'cpu-profile.svg'), drawing);
}
process.exit(0);

function tableOf(all: readonly Stack[]): Table {
  return {
    head: ['profiled ms per call', ...all.map(({ title }) => title)],
    rows: owners.map((name) => [
      name,
      ...all.map(({ parts }) => parts.find(({ what }) => what === name)?.ms.toFixed(2) ?? ''),
    ]),
  };
}
